/* regex.h - regular expressions matched in time linear in the text; only src/graph includes it.
 *
 *   pattern ──parse──▶ program (states of an NFA) ──on demand──▶ table of a DFA
 *
 * The table is made while texts are matched and thrown away when it becomes too large, so a match costs a look-up per
 * byte and at worst one walk over the program, never more. Patterns are limited in the size of their program.
 *
 * Syntax: literals, ., [a-z], [^...], \d \w \s \D \W \S, \b \B, ^, $, |, (), *, +, ?, {m}, {m,}, {m,n}; a backslash
 * before anything else stands for that character. Matching works on bytes of UTF-8: . is one character, a class holds
 * ASCII characters only ([^...] also matches any byte of others). Case is folded for ASCII letters.
 */
#ifndef GRAPH_REGEX_H
#define GRAPH_REGEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "base/str.h"

typedef struct regex regex;

/* Compiles. NULL when out of memory (error then is empty) or when the pattern is wrong (error says what and where, at
 * most n bytes with the zero). `plain`: the text as it is. */
regex *regex_new(struct mem *mem, str pattern, bool plain, bool case_matters, char *error, size_t n);
void regex_free(regex *r);
/* Whether it is found anywhere in the text. False as well when memory ran out; regex_failed tells. */
bool regex_find(regex *r, str text);
bool regex_failed(const regex *r);

#endif
