// The features beside the shell: each module registers what it adds when it is loaded. One line each.
export {};
