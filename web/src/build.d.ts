// What build.mjs adds.

// Style sheets are bundled with what imports them.
declare module '*.css';

/** The models below examples/, as they are beside the page. */
declare const EXAMPLES: readonly { name: string; about: string }[];
