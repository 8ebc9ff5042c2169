/* SPDX-License-Identifier: MIT */
/* Balanced trees over RTL_BALANCED_LINKS: the links only, without comparisons and without memory. */
#ifndef WE_RTL_AVL_H
#define WE_RTL_AVL_H

#include <stdbool.h>

#include <wdm.h>

/* root is a node of its own that never leaves: the tree hangs off its right child, and the topmost node's parent is it. */

/* Makes an empty tree. */
void we_rtl_avl_init(PRTL_BALANCED_LINKS root);
/* Hangs node under parent, on the side where it has no child yet, and balances. True: the tree has become higher. */
bool we_rtl_avl_insert(PRTL_BALANCED_LINKS root, PRTL_BALANCED_LINKS node, PRTL_BALANCED_LINKS parent, bool is_left);
/* Takes node out; all others stay where they are in memory. True: the tree has become lower. */
bool we_rtl_avl_remove(PRTL_BALANCED_LINKS root, PRTL_BALANCED_LINKS node);

/* In order. NULL: there is none. */
PRTL_BALANCED_LINKS we_rtl_avl_first(PRTL_BALANCED_LINKS root);
PRTL_BALANCED_LINKS we_rtl_avl_next(PRTL_BALANCED_LINKS root, PRTL_BALANCED_LINKS node);
PRTL_BALANCED_LINKS we_rtl_avl_previous(PRTL_BALANCED_LINKS root, PRTL_BALANCED_LINKS node);

#endif
