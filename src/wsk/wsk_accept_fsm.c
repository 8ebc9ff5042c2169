/* SPDX-License-Identifier: MIT */
/* The table of conditional accept, laid out so that the source looks like the printed page. */
#include "wsk/wsk_accept_fsm.h"

#include "base/base_assert.h"

#define GO(next, actions)                                        \
    {                                                            \
        WE_ACCEPT_CELL_GO, WE_ACCEPT_##next, (unsigned)(actions) \
    }
#define PARK                                                \
    {                                                       \
        WE_ACCEPT_CELL_PARK, (enum we_wsk_accept_state)0, 0 \
    }
#define SKIP                                                \
    {                                                       \
        WE_ACCEPT_CELL_SKIP, (enum we_wsk_accept_state)0, 0 \
    }
#define RULE                                                \
    {                                                       \
        WE_ACCEPT_CELL_RULE, (enum we_wsk_accept_state)0, 0 \
    }
#define GONE                                                \
    {                                                       \
        WE_ACCEPT_CELL_GONE, (enum we_wsk_accept_state)0, 0 \
    }
#define NEVER                                                \
    {                                                        \
        WE_ACCEPT_CELL_NEVER, (enum we_wsk_accept_state)0, 0 \
    }

#define CONFIRM WE_ACCEPT_DO_CONFIRM
#define REFUSE WE_ACCEPT_DO_REFUSE
#define DROP WE_ACCEPT_DO_DROP
#define WATCH WE_ACCEPT_DO_WATCH
#define FINISH WE_ACCEPT_DO_FINISH_VERDICT
#define GIVE WE_ACCEPT_DO_GIVE
#define ABORT WE_ACCEPT_DO_ABORT
#define OFFER WE_ACCEPT_DO_OFFER
#define ARM WE_ACCEPT_DO_ARM
#define MATCH WE_ACCEPT_DO_MATCH

/* Notes
 *
 * PEER_RESET means a reset, or an orderly end before a single byte: the peer gave up. A peer that connected, sent and
 *   finished while the client was undecided is not lost: its bytes and then its end are delivered after the verdict.
 * In READY the connection is established, so neither a reset nor the closing of the listener is an abort any more:
 *   a reset connection is delivered broken and reports it itself; a closing listener resets it silently.
 * After OFFERING the connection socket exists and hears of resets itself: skip.
 * A verdict in DROPPED is the race the documentation allows when the request was aborted, and a second verdict
 *   otherwise.
 */

/* clang-format off */
static const struct we_wsk_accept_cell s_table[WE_ACCEPT_STATE_COUNT][WE_ACCEPT_EVENT_COUNT] = {
    [WE_ACCEPT_INSPECTING] = {
        [WE_ACCEPT_ON_INSPECT_ACCEPT] = GO(HANDSHAKE, CONFIRM),
        [WE_ACCEPT_ON_INSPECT_REJECT] = GO(DROPPED, REFUSE),
        [WE_ACCEPT_ON_INSPECT_PEND]   = GO(PENDED, WATCH),
        [WE_ACCEPT_ON_VERDICT_ACCEPT] = PARK,
        [WE_ACCEPT_ON_VERDICT_REJECT] = PARK,
        [WE_ACCEPT_ON_ESTABLISHED]    = NEVER,
        [WE_ACCEPT_ON_TAKE_IRP]       = NEVER,
        [WE_ACCEPT_ON_TAKE_EVENT]     = NEVER,
        [WE_ACCEPT_ON_OFFER_ACCEPTED] = NEVER,
        [WE_ACCEPT_ON_OFFER_REFUSED]  = NEVER,
        [WE_ACCEPT_ON_PEER_RESET]     = PARK,
        [WE_ACCEPT_ON_CLOSING]        = PARK,
    },
    [WE_ACCEPT_PENDED] = {
        [WE_ACCEPT_ON_INSPECT_ACCEPT] = NEVER,
        [WE_ACCEPT_ON_INSPECT_REJECT] = NEVER,
        [WE_ACCEPT_ON_INSPECT_PEND]   = NEVER,
        [WE_ACCEPT_ON_VERDICT_ACCEPT] = GO(HANDSHAKE, CONFIRM | FINISH),
        [WE_ACCEPT_ON_VERDICT_REJECT] = GO(DROPPED, REFUSE | FINISH),
        [WE_ACCEPT_ON_ESTABLISHED]    = NEVER,
        [WE_ACCEPT_ON_TAKE_IRP]       = NEVER,
        [WE_ACCEPT_ON_TAKE_EVENT]     = NEVER,
        [WE_ACCEPT_ON_OFFER_ACCEPTED] = NEVER,
        [WE_ACCEPT_ON_OFFER_REFUSED]  = NEVER,
        [WE_ACCEPT_ON_PEER_RESET]     = GO(DROPPED, DROP | ABORT),
        [WE_ACCEPT_ON_CLOSING]        = GO(DROPPED, DROP | ABORT),
    },
    [WE_ACCEPT_HANDSHAKE] = {
        [WE_ACCEPT_ON_INSPECT_ACCEPT] = NEVER,
        [WE_ACCEPT_ON_INSPECT_REJECT] = NEVER,
        [WE_ACCEPT_ON_INSPECT_PEND]   = NEVER,
        [WE_ACCEPT_ON_VERDICT_ACCEPT] = RULE,
        [WE_ACCEPT_ON_VERDICT_REJECT] = RULE,
        [WE_ACCEPT_ON_ESTABLISHED]    = GO(READY, MATCH),
        [WE_ACCEPT_ON_TAKE_IRP]       = NEVER,
        [WE_ACCEPT_ON_TAKE_EVENT]     = NEVER,
        [WE_ACCEPT_ON_OFFER_ACCEPTED] = NEVER,
        [WE_ACCEPT_ON_OFFER_REFUSED]  = NEVER,
        [WE_ACCEPT_ON_PEER_RESET]     = GO(DROPPED, DROP | ABORT),
        [WE_ACCEPT_ON_CLOSING]        = GO(DROPPED, DROP | ABORT),
    },
    [WE_ACCEPT_READY] = {
        [WE_ACCEPT_ON_INSPECT_ACCEPT] = NEVER,
        [WE_ACCEPT_ON_INSPECT_REJECT] = NEVER,
        [WE_ACCEPT_ON_INSPECT_PEND]   = NEVER,
        [WE_ACCEPT_ON_VERDICT_ACCEPT] = RULE,
        [WE_ACCEPT_ON_VERDICT_REJECT] = RULE,
        [WE_ACCEPT_ON_ESTABLISHED]    = NEVER,
        [WE_ACCEPT_ON_TAKE_IRP]       = GO(TAKEN, GIVE | ARM),
        [WE_ACCEPT_ON_TAKE_EVENT]     = GO(OFFERING, OFFER),
        [WE_ACCEPT_ON_OFFER_ACCEPTED] = NEVER,
        [WE_ACCEPT_ON_OFFER_REFUSED]  = NEVER,
        [WE_ACCEPT_ON_PEER_RESET]     = SKIP,
        [WE_ACCEPT_ON_CLOSING]        = GO(DROPPED, DROP),
    },
    [WE_ACCEPT_OFFERING] = {
        [WE_ACCEPT_ON_INSPECT_ACCEPT] = NEVER,
        [WE_ACCEPT_ON_INSPECT_REJECT] = NEVER,
        [WE_ACCEPT_ON_INSPECT_PEND]   = NEVER,
        [WE_ACCEPT_ON_VERDICT_ACCEPT] = RULE,
        [WE_ACCEPT_ON_VERDICT_REJECT] = RULE,
        [WE_ACCEPT_ON_ESTABLISHED]    = NEVER,
        [WE_ACCEPT_ON_TAKE_IRP]       = NEVER,
        [WE_ACCEPT_ON_TAKE_EVENT]     = NEVER,
        [WE_ACCEPT_ON_OFFER_ACCEPTED] = GO(TAKEN, ARM),
        [WE_ACCEPT_ON_OFFER_REFUSED]  = GO(DROPPED, DROP),
        [WE_ACCEPT_ON_PEER_RESET]     = SKIP,
        [WE_ACCEPT_ON_CLOSING]        = SKIP,
    },
    [WE_ACCEPT_TAKEN] = {
        [WE_ACCEPT_ON_INSPECT_ACCEPT] = NEVER,
        [WE_ACCEPT_ON_INSPECT_REJECT] = NEVER,
        [WE_ACCEPT_ON_INSPECT_PEND]   = NEVER,
        [WE_ACCEPT_ON_VERDICT_ACCEPT] = RULE,
        [WE_ACCEPT_ON_VERDICT_REJECT] = RULE,
        [WE_ACCEPT_ON_ESTABLISHED]    = NEVER,
        [WE_ACCEPT_ON_TAKE_IRP]       = NEVER,
        [WE_ACCEPT_ON_TAKE_EVENT]     = NEVER,
        [WE_ACCEPT_ON_OFFER_ACCEPTED] = NEVER,
        [WE_ACCEPT_ON_OFFER_REFUSED]  = NEVER,
        [WE_ACCEPT_ON_PEER_RESET]     = SKIP,
        [WE_ACCEPT_ON_CLOSING]        = SKIP,
    },
    [WE_ACCEPT_DROPPED] = {
        [WE_ACCEPT_ON_INSPECT_ACCEPT] = NEVER,
        [WE_ACCEPT_ON_INSPECT_REJECT] = NEVER,
        [WE_ACCEPT_ON_INSPECT_PEND]   = NEVER,
        [WE_ACCEPT_ON_VERDICT_ACCEPT] = GONE,
        [WE_ACCEPT_ON_VERDICT_REJECT] = GONE,
        [WE_ACCEPT_ON_ESTABLISHED]    = SKIP,
        [WE_ACCEPT_ON_TAKE_IRP]       = NEVER,
        [WE_ACCEPT_ON_TAKE_EVENT]     = NEVER,
        [WE_ACCEPT_ON_OFFER_ACCEPTED] = NEVER,
        [WE_ACCEPT_ON_OFFER_REFUSED]  = NEVER,
        [WE_ACCEPT_ON_PEER_RESET]     = SKIP,
        [WE_ACCEPT_ON_CLOSING]        = SKIP,
    },
};
/* clang-format on */

const struct we_wsk_accept_cell *we_wsk_accept_cell(enum we_wsk_accept_state state, enum we_wsk_accept_event event)
{
    WE_ASSERT((unsigned)state < WE_ACCEPT_STATE_COUNT);
    WE_ASSERT((unsigned)event < WE_ACCEPT_EVENT_COUNT);
    return &s_table[state][event];
}

void we_wsk_accept_init(struct we_wsk_accept_machine *machine, bool is_conditional)
{
    machine->state = is_conditional ? WE_ACCEPT_INSPECTING : WE_ACCEPT_READY;
    machine->parked = 0;
    machine->was_aborted = false;
}

#define BIT(event) (1u << WE_ACCEPT_ON_##event)
#define VERDICT_BITS (BIT(VERDICT_ACCEPT) | BIT(VERDICT_REJECT))

static enum we_wsk_accept_kind park(struct we_wsk_accept_machine *machine, enum we_wsk_accept_event event)
{
    unsigned bit = 1u << event;

    if ((bit & VERDICT_BITS) != 0 && (machine->parked & VERDICT_BITS) != 0) {
        return WE_ACCEPT_CELL_RULE;
    }
    machine->parked |= bit;
    return WE_ACCEPT_CELL_PARK;
}

struct we_wsk_accept_step we_wsk_accept_feed(struct we_wsk_accept_machine *machine, enum we_wsk_accept_event event)
{
    const struct we_wsk_accept_cell *cell = we_wsk_accept_cell(machine->state, event);
    struct we_wsk_accept_step step = { cell->kind, 0 };

    WE_ASSERT(cell->kind != WE_ACCEPT_CELL_MISSING);
    WE_ASSERT(cell->kind != WE_ACCEPT_CELL_NEVER);
    if (cell->kind == WE_ACCEPT_CELL_GO) {
        machine->state = cell->next;
        machine->was_aborted = machine->was_aborted || (cell->actions & ABORT) != 0;
        step.actions = cell->actions;
    } else if (cell->kind == WE_ACCEPT_CELL_PARK) {
        step.kind = park(machine, event);
    } else if (cell->kind == WE_ACCEPT_CELL_GONE && !machine->was_aborted) {
        step.kind = WE_ACCEPT_CELL_RULE;
    }
    return step;
}

enum we_wsk_accept_event we_wsk_accept_unpark(struct we_wsk_accept_machine *machine)
{
    static const enum we_wsk_accept_event s_order[] = { WE_ACCEPT_ON_VERDICT_ACCEPT, WE_ACCEPT_ON_VERDICT_REJECT,
                                                        WE_ACCEPT_ON_PEER_RESET, WE_ACCEPT_ON_CLOSING };
    size_t i;

    for (i = 0; i < WE_ARRAY_COUNT(s_order); i++) {
        if ((machine->parked & (1u << s_order[i])) != 0) {
            machine->parked &= ~(1u << s_order[i]);
            return s_order[i];
        }
    }
    return WE_ACCEPT_ON_NOTHING;
}

const char *we_wsk_accept_state_name(enum we_wsk_accept_state state)
{
    static const char *const s_names[] = {
#define X(name, text) #name,
        WE_WSK_ACCEPT_STATES(X)
#undef X
    };

    WE_ASSERT((unsigned)state < WE_ARRAY_COUNT(s_names));
    return s_names[state];
}

const char *we_wsk_accept_event_text(enum we_wsk_accept_event event)
{
    static const char *const s_texts[] = {
#define X(name, text) text,
        WE_WSK_ACCEPT_EVENTS(X)
#undef X
    };

    WE_ASSERT((unsigned)event < WE_ARRAY_COUNT(s_texts));
    return s_texts[event];
}

const char *we_wsk_accept_action_text(enum we_wsk_accept_action_index action)
{
    static const char *const s_texts[] = {
#define X(name, short_text, text) short_text,
        WE_WSK_ACCEPT_ACTIONS(X)
#undef X
    };

    WE_ASSERT((unsigned)action < WE_ARRAY_COUNT(s_texts));
    return s_texts[action];
}
