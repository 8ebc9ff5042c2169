/* SPDX-License-Identifier: MIT */
/* Balanced trees over RTL_BALANCED_LINKS: the links only, without comparisons and without memory. */
#include "nt/rtl_avl.h"

#include "base/base_assert.h"

/* Design
 *
 * An AVL tree: Balance is the height of the right subtree less that of the left one and is -1, 0 or 1 between calls. A
 * side is written as the balance that it adds: -1 left, 1 right. After a change the path to the root is walked up until
 * a subtree's height has stayed what it was. The tree's root is no special case, because its parent is a node as well.
 */

enum { LEFT = -1, RIGHT = 1 };

static PRTL_BALANCED_LINKS child_of(PRTL_BALANCED_LINKS node, int side)
{
    return side == LEFT ? node->LeftChild : node->RightChild;
}

static int side_of(PRTL_BALANCED_LINKS node)
{
    return node->Parent->LeftChild == node ? LEFT : RIGHT;
}

static void hang(PRTL_BALANCED_LINKS parent, int side, PRTL_BALANCED_LINKS child)
{
    if (side == LEFT) {
        parent->LeftChild = child;
    } else {
        parent->RightChild = child;
    }
    if (child != NULL) {
        child->Parent = parent;
    }
}

/* Rotates node above its parent. */
static void promote(PRTL_BALANCED_LINKS node)
{
    PRTL_BALANCED_LINKS parent = node->Parent;
    int side = side_of(node);

    hang(parent->Parent, side_of(parent), node);
    hang(parent, side, child_of(node, -side));
    hang(node, -side, parent);
}

/* node leans to this side by two. Returns the node that stands in its place now. */
static PRTL_BALANCED_LINKS rebalance(PRTL_BALANCED_LINKS node, int side)
{
    PRTL_BALANCED_LINKS child = child_of(node, side);
    PRTL_BALANCED_LINKS inner;

    if (child->Balance != -side) {
        promote(child);
        node->Balance = (CHAR)(child->Balance == 0 ? side : 0);
        child->Balance = (CHAR)(child->Balance == 0 ? -side : 0);
        return child;
    }
    inner = child_of(child, -side);
    promote(inner);
    promote(inner);
    node->Balance = (CHAR)(inner->Balance == side ? -side : 0);
    child->Balance = (CHAR)(inner->Balance == -side ? side : 0);
    inner->Balance = 0;
    return inner;
}

void we_rtl_avl_init(PRTL_BALANCED_LINKS root)
{
    root->Parent = root;
    root->LeftChild = NULL;
    root->RightChild = NULL;
    root->Balance = 0;
}

bool we_rtl_avl_insert(PRTL_BALANCED_LINKS root, PRTL_BALANCED_LINKS node, PRTL_BALANCED_LINKS parent, bool is_left)
{
    WE_ASSERT(child_of(parent, is_left ? LEFT : RIGHT) == NULL);
    node->LeftChild = NULL;
    node->RightChild = NULL;
    node->Balance = 0;
    hang(parent, is_left ? LEFT : RIGHT, node);
    for (; parent != root; node = parent, parent = node->Parent) {
        int side = side_of(node);

        parent->Balance = (CHAR)(parent->Balance + side);
        if (parent->Balance == 0) {
            return false;
        }
        if (parent->Balance != side) {
            (void)rebalance(parent, side);
            return false;
        }
    }
    return true;
}

/* Exchanges the places of node, which has two children, and of the next one in order, which has no left child. */
static void exchange_with_next(PRTL_BALANCED_LINKS node, PRTL_BALANCED_LINKS next)
{
    RTL_BALANCED_LINKS place = *next;

    hang(node->Parent, side_of(node), next);
    hang(next, LEFT, node->LeftChild);
    if (place.Parent == node) {
        hang(next, RIGHT, node);
    } else {
        hang(next, RIGHT, node->RightChild);
        hang(place.Parent, LEFT, node);
    }
    node->LeftChild = NULL;
    hang(node, RIGHT, place.RightChild);
    next->Balance = node->Balance;
    node->Balance = place.Balance;
}

bool we_rtl_avl_remove(PRTL_BALANCED_LINKS root, PRTL_BALANCED_LINKS node)
{
    PRTL_BALANCED_LINKS parent;
    int side;

    if (node->LeftChild != NULL && node->RightChild != NULL) {
        exchange_with_next(node, we_rtl_avl_next(root, node));
    }
    parent = node->Parent;
    side = side_of(node);
    hang(parent, side, node->LeftChild != NULL ? node->LeftChild : node->RightChild);
    while (parent != root) {
        parent->Balance = (CHAR)(parent->Balance - side);
        if (parent->Balance == -side) {
            return false; /* was even, and is as high as before */
        }
        if (parent->Balance != 0) {
            parent = rebalance(parent, -side);
            if (parent->Balance != 0) {
                return false;
            }
        }
        side = side_of(parent);
        parent = parent->Parent;
    }
    return true;
}

/* --- order --------------------------------------------------------------------------------- */

static PRTL_BALANCED_LINKS outermost(PRTL_BALANCED_LINKS node, int side)
{
    while (node != NULL && child_of(node, side) != NULL) {
        node = child_of(node, side);
    }
    return node;
}

/* The neighbour on this side. */
static PRTL_BALANCED_LINKS neighbour(PRTL_BALANCED_LINKS root, PRTL_BALANCED_LINKS node, int side)
{
    if (child_of(node, side) != NULL) {
        return outermost(child_of(node, side), -side);
    }
    while (node->Parent != root && side_of(node) == side) {
        node = node->Parent;
    }
    return node->Parent != root ? node->Parent : NULL;
}

PRTL_BALANCED_LINKS we_rtl_avl_first(PRTL_BALANCED_LINKS root)
{
    return outermost(root->RightChild, LEFT);
}

PRTL_BALANCED_LINKS we_rtl_avl_next(PRTL_BALANCED_LINKS root, PRTL_BALANCED_LINKS node)
{
    return neighbour(root, node, RIGHT);
}

PRTL_BALANCED_LINKS we_rtl_avl_previous(PRTL_BALANCED_LINKS root, PRTL_BALANCED_LINKS node)
{
    return neighbour(root, node, LEFT);
}
