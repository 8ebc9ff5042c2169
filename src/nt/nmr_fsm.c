/* SPDX-License-Identifier: MIT */
/* The tables of the network module registrar, and their names. */
#include "nt/nmr_fsm.h"

#include <stdio.h>

#include "base/base_assert.h"

/* Abstract
 *
 * One row an event, one column a state. GO(next, actions) changes the state; RULE(next, actions) does too, after the
 * report; the other cells leave it.
 *
 * While a binding is being attached a callback is on the stack, so a module that deregisters meanwhile parks: the
 * event is replayed after ClientAttachProvider has returned, and finds either an attached binding to detach, or
 * nothing any more.
 *
 * Refused by the provider, the client is back in OFFERED and may ask again with another dispatch table. A client that
 * returns a failure although the provider has attached has most likely freed its context, so it is disowned: only the
 * provider hears of the end.
 *
 * A side may complete its detaching on another thread before its callback has returned STATUS_PENDING (EARLY): the
 * last call that it waited for may end at any moment, so this is a race that drivers cannot avoid and no mistake.
 * Only the return says which of both it was. */

/* clang-format off */
#define GO(next, actions) { WE_NMR_GO, WE_NMR_##next, (actions) }
#define RULE(next, actions) { WE_NMR_RULE, WE_NMR_##next, (actions) }
#define PARK { WE_NMR_PARK, 0, 0 }
#define SKIP { WE_NMR_SKIP, 0, 0 }
#define NEVER { WE_NMR_NEVER, 0, 0 }

#define ASK WE_NMR_DO_ASK
#define DISOWN WE_NMR_DO_DISOWN
#define DETACH WE_NMR_DO_DETACH
#define CLEAN WE_NMR_DO_CLEAN
#define FORGET WE_NMR_DO_FORGET

#define ROW(event, offered, asking, joined, attached, detaching, cleaning, gone) \
    [WE_NMR_ON_##event] = {                                                      \
        [WE_NMR_OFFERED] = offered,                                              \
        [WE_NMR_ASKING] = asking,                                                \
        [WE_NMR_JOINED] = joined,                                                \
        [WE_NMR_ATTACHED] = attached,                                            \
        [WE_NMR_DETACHING] = detaching,                                          \
        [WE_NMR_CLEANING] = cleaning,                                            \
        [WE_NMR_GONE] = gone,                                                    \
    }

static const struct we_nmr_cell s_table[WE_NMR_EVENT_COUNT][WE_NMR_STATE_COUNT] = {
/*                        OFFERED             ASKING           JOINED
                          ATTACHED               DETACHING           CLEANING           GONE */
    ROW(ATTACH,           GO(ASKING, ASK),    RULE(ASKING, 0), RULE(JOINED, 0),
                          RULE(ATTACHED, 0),     RULE(DETACHING, 0), RULE(CLEANING, 0), RULE(GONE, 0)),
    ROW(PROVIDER_TOOK,    NEVER,              GO(JOINED, 0),   NEVER,
                          NEVER,                 NEVER,              NEVER,             NEVER),
    ROW(PROVIDER_REFUSED, NEVER,              GO(OFFERED, 0),  NEVER,
                          NEVER,                 NEVER,              NEVER,             NEVER),
    ROW(CLIENT_TOOK,      RULE(GONE, FORGET), NEVER,           GO(ATTACHED, 0),
                          NEVER,                 NEVER,              NEVER,             NEVER),
    ROW(CLIENT_REFUSED,   GO(GONE, FORGET),   NEVER,           RULE(DETACHING, DISOWN | DETACH),
                          NEVER,                 NEVER,              NEVER,             NEVER),
    ROW(DEREGISTER,       PARK,               PARK,            PARK,
                          GO(DETACHING, DETACH), SKIP,               SKIP,              SKIP),
    ROW(DETACHED,         NEVER,              NEVER,           NEVER,
                          NEVER,                 GO(CLEANING, CLEAN), NEVER,            NEVER),
    ROW(CLEANED,          NEVER,              NEVER,           NEVER,
                          NEVER,                 NEVER,              GO(GONE, FORGET),  NEVER),
};

#undef GO
#undef RULE
#undef ROW
#define GO(next, actions) { WE_NMR_GO, WE_NMR_SIDE_##next, (actions) }
#define RULE(next, actions) { WE_NMR_RULE, WE_NMR_SIDE_##next, (actions) }
#define CALL WE_NMR_SIDE_DO_CALL
#define FINISH WE_NMR_SIDE_DO_FINISH

#define ROW(event, using, called, early, pending, detached) \
    [WE_NMR_SIDE_ON_##event] = {                            \
        [WE_NMR_SIDE_USING] = using,                        \
        [WE_NMR_SIDE_CALLED] = called,                      \
        [WE_NMR_SIDE_EARLY] = early,                        \
        [WE_NMR_SIDE_PENDING] = pending,                    \
        [WE_NMR_SIDE_DETACHED] = detached,                  \
    }

static const struct we_nmr_cell s_side_table[WE_NMR_SIDE_EVENT_COUNT][WE_NMR_SIDE_STATE_COUNT] = {
/*                        USING                 CALLED                  EARLY
                          PENDING               DETACHED */
    ROW(TELL,             GO(CALLED, CALL),     NEVER,                  NEVER,
                          NEVER,                NEVER),
    ROW(RETURNED_SUCCESS, NEVER,                GO(DETACHED, FINISH),   RULE(DETACHED, FINISH),
                          NEVER,                NEVER),
    ROW(RETURNED_PENDING, NEVER,                GO(PENDING, 0),         GO(DETACHED, FINISH),
                          NEVER,                NEVER),
    ROW(RETURNED_OTHER,   NEVER,                RULE(DETACHED, FINISH), RULE(DETACHED, FINISH),
                          NEVER,                NEVER),
    ROW(COMPLETE,         RULE(USING, 0),       GO(EARLY, 0),           RULE(EARLY, 0),
                          GO(DETACHED, FINISH), RULE(DETACHED, 0)),
    ROW(DISOWNED,         GO(DETACHED, FINISH), NEVER,                  NEVER,
                          NEVER,                NEVER),
};
/* clang-format on */

struct we_nmr_cell we_nmr_cell(enum we_nmr_state state, enum we_nmr_event event)
{
    struct we_nmr_cell cell;

    WE_ASSERT((unsigned)state < WE_NMR_STATE_COUNT);
    WE_ASSERT((unsigned)event < WE_NMR_EVENT_COUNT);
    cell = s_table[event][state];
    if (cell.kind != WE_NMR_GO && cell.kind != WE_NMR_RULE) {
        cell.next = (unsigned char)state;
    }
    return cell;
}

struct we_nmr_cell we_nmr_side_cell(enum we_nmr_side_state state, enum we_nmr_side_event event)
{
    struct we_nmr_cell cell;

    WE_ASSERT((unsigned)state < WE_NMR_SIDE_STATE_COUNT);
    WE_ASSERT((unsigned)event < WE_NMR_SIDE_EVENT_COUNT);
    cell = s_side_table[event][state];
    if (cell.kind != WE_NMR_GO && cell.kind != WE_NMR_RULE) {
        cell.next = (unsigned char)state;
    }
    return cell;
}

struct we_nmr_cell we_nmr_feed(struct we_nmr_machine *machine, enum we_nmr_event event)
{
    struct we_nmr_cell cell = we_nmr_cell(machine->state, event);

    WE_ASSERT(cell.kind != WE_NMR_MISSING);
    WE_ASSERT(cell.kind != WE_NMR_NEVER);
    machine->state = (enum we_nmr_state)cell.next;
    if (cell.kind == WE_NMR_PARK) {
        machine->is_deregister_parked = true;
    }
    return cell;
}

struct we_nmr_cell we_nmr_feed_side(struct we_nmr_machine *machine, enum we_nmr_side side, enum we_nmr_side_event event)
{
    struct we_nmr_cell cell = we_nmr_side_cell(machine->sides[side], event);

    WE_ASSERT(cell.kind != WE_NMR_MISSING);
    WE_ASSERT(cell.kind != WE_NMR_NEVER);
    machine->sides[side] = (enum we_nmr_side_state)cell.next;
    return cell;
}

bool we_nmr_unpark(struct we_nmr_machine *machine)
{
    bool was_parked = machine->is_deregister_parked;

    /* Still parked is what the same event would be again. */
    if (!was_parked || we_nmr_cell(machine->state, WE_NMR_ON_DEREGISTER).kind == WE_NMR_PARK) {
        return false;
    }
    machine->is_deregister_parked = false;
    return true;
}

bool we_nmr_is_detached(const struct we_nmr_machine *machine, enum we_nmr_side side)
{
    return machine->sides[side] == WE_NMR_SIDE_DETACHED;
}

bool we_nmr_is_owing(const struct we_nmr_machine *machine, enum we_nmr_side side)
{
    return machine->sides[side] == WE_NMR_SIDE_PENDING;
}

/* --- names ---------------------------------------------------------------------------------------- */

const char *we_nmr_state_name(enum we_nmr_state state)
{
    static const char *const names[] = {
#define X(symbol) #symbol,
        WE_NMR_STATE_LIST(X)
#undef X
    };

    return (unsigned)state < WE_NMR_STATE_COUNT ? names[state] : "?";
}

const char *we_nmr_event_name(enum we_nmr_event event)
{
    static const char *const names[] = {
#define X(symbol, text) text,
        WE_NMR_EVENT_LIST(X)
#undef X
    };

    return (unsigned)event < WE_NMR_EVENT_COUNT ? names[event] : "?";
}

const char *we_nmr_side_state_name(enum we_nmr_side_state state)
{
    static const char *const names[] = {
#define X(symbol) #symbol,
        WE_NMR_SIDE_STATE_LIST(X)
#undef X
    };

    return (unsigned)state < WE_NMR_SIDE_STATE_COUNT ? names[state] : "?";
}

const char *we_nmr_side_event_name(enum we_nmr_side_event event)
{
    static const char *const names[] = {
#define X(symbol, text) text,
        WE_NMR_SIDE_EVENT_LIST(X)
#undef X
    };

    return (unsigned)event < WE_NMR_SIDE_EVENT_COUNT ? names[event] : "?";
}

static const char *kind_name(unsigned kind)
{
    static const char *const names[] = {
        [WE_NMR_MISSING] = "MISSING", [WE_NMR_GO] = "->",     [WE_NMR_PARK] = "park",
        [WE_NMR_SKIP] = "skip",       [WE_NMR_RULE] = "rule", [WE_NMR_NEVER] = "-",
    };

    WE_ASSERT(kind < WE_ARRAY_COUNT(names));
    return names[kind];
}

/* next: what is entered, or NULL when the state stays. */
static char *cell_text(struct we_nmr_cell cell, const char *next, const char *const actions[], unsigned action_count,
                       char text[WE_NMR_CELL_TEXT_SIZE])
{
    const char *separator = ": ";
    int length;

    length = snprintf(text, WE_NMR_CELL_TEXT_SIZE, "%s%s%s", kind_name(cell.kind),
                      cell.kind == WE_NMR_RULE && next != NULL ? " ->" : "", next != NULL ? next : "");
    for (unsigned i = 0; i < action_count; i++) {
        if ((cell.actions & (1u << i)) != 0 && length < WE_NMR_CELL_TEXT_SIZE) {
            length += snprintf(text + length, (size_t)(WE_NMR_CELL_TEXT_SIZE - length), "%s%s", separator, actions[i]);
            separator = ", ";
        }
    }
    return text;
}

char *we_nmr_cell_text(enum we_nmr_state state, enum we_nmr_event event, char text[WE_NMR_CELL_TEXT_SIZE])
{
    static const char *const actions[] = {
#define X(symbol, text) text,
        WE_NMR_ACTION_LIST(X)
#undef X
    };
    struct we_nmr_cell cell = we_nmr_cell(state, event);
    bool is_entered = cell.kind == WE_NMR_GO || cell.next != (unsigned char)state;

    return cell_text(cell, is_entered ? we_nmr_state_name((enum we_nmr_state)cell.next) : NULL, actions,
                     WE_NMR_ACTION_COUNT, text);
}

char *we_nmr_side_cell_text(enum we_nmr_side_state state, enum we_nmr_side_event event,
                            char text[WE_NMR_CELL_TEXT_SIZE])
{
    static const char *const actions[] = {
#define X(symbol, text) text,
        WE_NMR_SIDE_ACTION_LIST(X)
#undef X
    };
    struct we_nmr_cell cell = we_nmr_side_cell(state, event);
    bool is_entered = cell.kind == WE_NMR_GO || cell.next != (unsigned char)state;

    return cell_text(cell, is_entered ? we_nmr_side_state_name((enum we_nmr_side_state)cell.next) : NULL, actions,
                     WE_NMR_SIDE_ACTION_COUNT, text);
}
