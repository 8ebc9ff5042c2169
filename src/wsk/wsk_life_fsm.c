/* SPDX-License-Identifier: MIT */
/* The table of a socket's life, and its names. */
#include "wsk/wsk_life_fsm.h"

#include <stdio.h>

#include "base/base_assert.h"

/* Abstract
 *
 * One row an event, one column a state. What keeps a socket in CLOSING are its rundown counts, what keeps it in
 * FINISHED are its references; both are counted elsewhere, and only their ends are events. The open socket holds one of
 * each, so neither can end before a close.
 *
 * After FORCE counts and references that nobody drops any more are left; one that is dropped all the same changes
 * nothing. */

/* clang-format off */
#define GO(next, actions) { WE_WSK_LIFE_GO, WE_WSK_LIFE_##next, (actions) }
#define SKIP { WE_WSK_LIFE_SKIP, 0, 0 }
#define RULE { WE_WSK_LIFE_RULE, 0, 0 }
#define NEVER { WE_WSK_LIFE_NEVER, 0, 0 }

#define CANCEL WE_WSK_LIFE_DO_CANCEL
#define END WE_WSK_LIFE_DO_END
#define UNLIST WE_WSK_LIFE_DO_UNLIST
#define RELEASE WE_WSK_LIFE_DO_RELEASE
#define COMPLETE WE_WSK_LIFE_DO_COMPLETE
#define DESTROY WE_WSK_LIFE_DO_DESTROY
#define BURY WE_WSK_LIFE_DO_BURY

#define FINISH (END | UNLIST | RELEASE | COMPLETE)
#define INTER (DESTROY | BURY)
#define FORGET (END | UNLIST | INTER)

#define ROW(event, open, closing, finished, tombstone) \
    [WE_WSK_LIFE_ON_##event] = {                       \
        [WE_WSK_LIFE_OPEN] = open,                     \
        [WE_WSK_LIFE_CLOSING] = closing,               \
        [WE_WSK_LIFE_FINISHED] = finished,             \
        [WE_WSK_LIFE_TOMBSTONE] = tombstone,           \
    }

static const struct we_wsk_life_cell s_table[WE_WSK_LIFE_EVENT_COUNT][WE_WSK_LIFE_STATE_COUNT] = {
/*               OPEN                   CLOSING                FINISHED                     TOMBSTONE */
    ROW(CALL,    GO(OPEN, 0),           RULE,                  RULE,                        RULE),
    ROW(START,   GO(OPEN, 0),           SKIP,                  SKIP,                        SKIP),
    ROW(CLOSE,   GO(CLOSING, CANCEL),   RULE,                  RULE,                        RULE),
    ROW(ABANDON, GO(CLOSING, CANCEL),   SKIP,                  SKIP,                        SKIP),
    ROW(FAIL,    GO(CLOSING, CANCEL),   NEVER,                 NEVER,                       NEVER),
    ROW(RUNDOWN, NEVER,                 GO(FINISHED, FINISH),  NEVER,                       SKIP),
    ROW(UNREF,   NEVER,                 NEVER,                 GO(TOMBSTONE, INTER),        SKIP),
    ROW(FORCE,   GO(TOMBSTONE, FORGET), GO(TOMBSTONE, FORGET), SKIP,                        SKIP),
};
/* clang-format on */

struct we_wsk_life_cell we_wsk_life_cell(enum we_wsk_life_state state, enum we_wsk_life_event event)
{
    struct we_wsk_life_cell cell;

    WE_ASSERT((unsigned)state < WE_WSK_LIFE_STATE_COUNT);
    WE_ASSERT((unsigned)event < WE_WSK_LIFE_EVENT_COUNT);
    cell = s_table[event][state];
    if (cell.kind != WE_WSK_LIFE_GO) {
        cell.next = (unsigned char)state;
    }
    return cell;
}

struct we_wsk_life_cell we_wsk_life_feed(enum we_wsk_life_state *state, enum we_wsk_life_event event)
{
    /* Atomic for a call that a client makes, under the lock, while the last reference goes without it: whichever state it
     * finds, the call is refused. */
    struct we_wsk_life_cell cell = we_wsk_life_cell(__atomic_load_n(state, __ATOMIC_RELAXED), event);

    WE_ASSERT(cell.kind != WE_WSK_LIFE_MISSING);
    WE_ASSERT(cell.kind != WE_WSK_LIFE_NEVER);
    if (cell.kind == WE_WSK_LIFE_GO) {
        __atomic_store_n(state, (enum we_wsk_life_state)cell.next, __ATOMIC_RELAXED);
    }
    return cell;
}

const char *we_wsk_life_state_name(enum we_wsk_life_state state)
{
    static const char *const names[] = {
#define X(symbol) #symbol,
        WE_WSK_LIFE_STATE_LIST(X)
#undef X
    };

    return (unsigned)state < WE_WSK_LIFE_STATE_COUNT ? names[state] : "?";
}

const char *we_wsk_life_event_name(enum we_wsk_life_event event)
{
    static const char *const names[] = {
#define X(symbol, text) text,
        WE_WSK_LIFE_EVENT_LIST(X)
#undef X
    };

    return (unsigned)event < WE_WSK_LIFE_EVENT_COUNT ? names[event] : "?";
}

static const char *kind_name(unsigned kind)
{
    static const char *const names[] = {
        [WE_WSK_LIFE_MISSING] = "MISSING", [WE_WSK_LIFE_GO] = "->",   [WE_WSK_LIFE_SKIP] = "skip",
        [WE_WSK_LIFE_RULE] = "rule",       [WE_WSK_LIFE_NEVER] = "-",
    };

    WE_ASSERT(kind < WE_ARRAY_COUNT(names));
    return names[kind];
}

char *we_wsk_life_cell_text(enum we_wsk_life_state state, enum we_wsk_life_event event,
                            char text[WE_WSK_LIFE_CELL_TEXT_SIZE])
{
    static const char *const actions[] = {
#define X(symbol, text) text,
        WE_WSK_LIFE_ACTION_LIST(X)
#undef X
    };
    struct we_wsk_life_cell cell = we_wsk_life_cell(state, event);
    const char *separator = ": ";
    int length;

    length = snprintf(text, WE_WSK_LIFE_CELL_TEXT_SIZE, "%s%s", kind_name(cell.kind),
                      cell.kind == WE_WSK_LIFE_GO ? we_wsk_life_state_name((enum we_wsk_life_state)cell.next) : "");
    for (unsigned i = 0; i < WE_WSK_LIFE_ACTION_COUNT; i++) {
        if ((cell.actions & (1u << i)) != 0 && length < WE_WSK_LIFE_CELL_TEXT_SIZE) {
            length +=
                snprintf(text + length, (size_t)(WE_WSK_LIFE_CELL_TEXT_SIZE - length), "%s%s", separator, actions[i]);
            separator = ", ";
        }
    }
    return text;
}
