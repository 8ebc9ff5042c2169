/* SPDX-License-Identifier: MIT */
/** @file
 * Owners of an IRP with its completion, and of MDLs over a test's memory. Part of cpp.hpp. */
#ifndef WSK_EMU_CPP_IRP_HPP
#define WSK_EMU_CPP_IRP_HPP

#include <cstddef>
#include <new>
#include <utility>

#include "wsk_emu/cpp/guard.hpp"
#include "wsk_emu/cpp/status.hpp"
#include "wsk_emu/wdk/wdm.h"
#include "wsk_emu/wdk/wsk.h"

namespace wsk_emu {

/** An IRP for one request after another, each of which is sent, waited for and judged: it has to be completed once, and in
 * agreement with what the call returned, or the test fails. Moving it does not disturb a request that is under way. */
class irp {
  public:
    /** Allocates it. PASSIVE_LEVEL .. DISPATCH_LEVEL. */
    explicit irp(CCHAR stack_size = 1) : state_(new (std::nothrow) state)
    {
        if (state_ != nullptr) {
            state_->irp = IoAllocateIrp(stack_size, FALSE);
            stamp_.set();
        }
        if (state_ == nullptr || state_->irp == nullptr) {
            delete state_;
            state_ = nullptr;
        } else {
            prepare();
        }
    }
    /** Frees it. Fails the test when a request is under way: nobody can take an IRP away from who works on it. */
    ~irp()
    {
        drop();
    }
    irp(irp &&other) noexcept : state_(std::exchange(other.state_, nullptr)), stamp_(other.stamp_)
    {
    }
    irp &operator=(irp &&other)
    {
        if (this != &other) {
            drop();
            state_ = std::exchange(other.state_, nullptr);
            stamp_ = other.stamp_;
        }
        return *this;
    }

    /** False: there was no memory, or it was moved from. */
    explicit operator bool() const noexcept
    {
        return state_ != nullptr;
    }
    /** Stays this owner's. nullptr when there is none. */
    PIRP get() const noexcept
    {
        return state_ != nullptr ? state_->irp : nullptr;
    }

    /** Sends a request: call(PIRP) calls one function with the IRP and returns what that returned. PASSIVE_LEVEL ..
     * DISPATCH_LEVEL. Fails the test while a request is under way.
     * @return what call returned. */
    template <class Call> status send(Call &&call)
    {
        if (!check("irp::send")) {
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        if (is_pending()) {
            detail::refuse("irp::send", "the request before is not completed; wait for it");
            return STATUS_INVALID_DEVICE_REQUEST;
        }
        if (state_->is_sent) {
            prepare();
        }
        state_->is_sent = true;
        state_->is_judged = false;
        detail::guarded([&] { state_->returned = call(state_->irp); });
        return state_->returned;
    }
    /** Waits until the request is completed. PASSIVE_LEVEL.
     * @return its final status. */
    status wait()
    {
        return wait_until(nullptr) ? result() : status(STATUS_INVALID_DEVICE_STATE);
    }
    /** The same for so long at most, in the kernel's time.
     * @return false: it is not completed yet. */
    WSK_EMU_NODISCARD bool wait_ms(unsigned milliseconds)
    {
        LARGE_INTEGER due;

        due.QuadPart = -static_cast<LONGLONG>(milliseconds) * 10000;
        return wait_until(&due);
    }
    /** Sends, and waits. */
    template <class Call> status run(Call &&call)
    {
        (void)send(std::forward<Call>(call));
        return wait();
    }

    /** Sent, and not completed. Any IRQL. */
    bool is_pending() const noexcept
    {
        return state_ != nullptr && state_->is_sent && state_->completions == 0;
    }
    /** Of the request that was completed last; fails the test when there is none. */
    status result() const
    {
        return check_completed("irp::result") ? status(state_->block.Status) : status(STATUS_PENDING);
    }
    ULONG_PTR information() const
    {
        return check_completed("irp::information") ? state_->block.Information : 0;
    }
    /** IoCancelIrp. PASSIVE_LEVEL .. DISPATCH_LEVEL. */
    bool cancel()
    {
        BOOLEAN is_cancelled = FALSE;

        if (check("irp::cancel")) {
            detail::guarded([&] { is_cancelled = IoCancelIrp(state_->irp); });
        }
        return is_cancelled != FALSE;
    }

  private:
    /* What the completion routine uses; stays where it is when the owner moves. */
    struct state : detail::leftover {
        PIRP irp = nullptr;
        KEVENT done;
        IO_STATUS_BLOCK block;
        volatile LONG completions = 0;
        BOOLEAN is_marked = FALSE; /* PendingReturned */
        bool is_sent = false;
        bool is_judged = false;
        NTSTATUS returned = STATUS_SUCCESS;
    };

    static NTSTATUS NTAPI completed(PDEVICE_OBJECT, PIRP irp, PVOID context)
    {
        state *self = static_cast<state *>(context);

        self->block = irp->IoStatus;
        self->is_marked = irp->PendingReturned;
        InterlockedIncrement(&self->completions);
        KeSetEvent(&self->done, IO_NO_INCREMENT, FALSE);
        return STATUS_MORE_PROCESSING_REQUIRED;
    }

    /* Makes the IRP new. */
    void prepare()
    {
        if (state_->is_sent) {
            IoReuseIrp(state_->irp, STATUS_UNSUCCESSFUL);
        }
        KeInitializeEvent(&state_->done, NotificationEvent, FALSE);
        state_->completions = 0;
        state_->is_sent = false;
        IoSetCompletionRoutine(state_->irp, completed, state_, TRUE, TRUE, TRUE);
    }

    bool check(const char *function) const
    {
        if (state_ == nullptr) {
            detail::refuse(function, "there is no IRP: it could not be allocated, or was moved from");
        } else if (!stamp_.is_live()) {
            detail::refuse(function, "the emulated kernel that it came from has stopped");
        }
        return state_ != nullptr && stamp_.is_live();
    }

    bool check_completed(const char *function) const
    {
        if (state_ != nullptr && state_->is_sent && state_->completions != 0) {
            return true;
        }
        detail::refuse(function, "no request has been completed");
        return false;
    }

    bool wait_until(PLARGE_INTEGER due)
    {
        NTSTATUS waited = STATUS_TIMEOUT;

        if (!check("irp::wait")) {
            return false;
        }
        if (!state_->is_sent) {
            detail::refuse("irp::wait", "nothing has been sent");
            return false;
        }
        detail::guarded([&] { waited = KeWaitForSingleObject(&state_->done, Executive, KernelMode, FALSE, due); });
        if (waited != STATUS_SUCCESS) {
            return false;
        }
        judge();
        return true;
    }

    /* What every completed request owes to its call. */
    void judge()
    {
        const char *why = nullptr;

        if (state_->is_judged) {
            return;
        }
        state_->is_judged = true;
        if (state_->completions != 1) {
            why = "the IRP was completed more than once";
        } else if (state_->block.Status == STATUS_PENDING) {
            why = "the IRP was completed with STATUS_PENDING";
        } else if ((state_->returned == STATUS_PENDING) != (state_->is_marked != FALSE)) {
            why = "the call returned STATUS_PENDING without PendingReturned in the IRP, or the other way round";
        } else if (state_->returned != STATUS_PENDING && state_->returned != state_->block.Status) {
            why = "the call returned another status than the one in the IRP";
        }
        if (why != nullptr) {
            detail::refuse("irp", why);
        }
    }

    void drop()
    {
        state *dropped = std::exchange(state_, nullptr);

        if (dropped == nullptr) {
            return;
        }
        if (!stamp_.is_live()) {
            detail::keep_leftover(dropped); /* the kernel of a failed test may still hold it */
        } else if (dropped->is_sent && dropped->completions == 0) {
            detail::keep_leftover(dropped);
            detail::refuse_quietly("irp",
                                   "destroyed while its request is under way; wait for it, or cancel it and wait");
        } else {
            IoFreeIrp(dropped->irp);
            delete dropped;
        }
    }

    state *state_ = nullptr;
    detail::run_stamp stamp_;
};

/** Runs one request: call(PIRP) calls a function with the IRP and returns what it returned. PASSIVE_LEVEL.
 * @param information gets IoStatus.Information; may be nullptr.
 * @return the final status; STATUS_INSUFFICIENT_RESOURCES without a call when there is no IRP. */
template <class Call> status request(Call &&call, ULONG_PTR *information = nullptr)
{
    irp irp;

    if (!irp) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status result = irp.run(std::forward<Call>(call));

    if (information != nullptr) {
        *information = irp.information();
    }
    return result;
}

/** MDLs over spans of the test's memory, locked, linked in order, and unlocked and freed at the end. The memory is
 * the caller's and has to live as long. */
class mdl_chain {
  public:
    /** Empty. */
    mdl_chain() noexcept = default;
    /** Over one span; fails the test when there is no memory for the MDL. */
    mdl_chain(void *bytes, std::size_t length)
    {
        status added = add(bytes, length);

        if (!added.ok()) {
            detail::refuse("mdl_chain", added.text().c_str());
        }
    }
    ~mdl_chain()
    {
        clear();
    }
    mdl_chain(mdl_chain &&other) noexcept
        : first_(std::exchange(other.first_, nullptr)), length_(std::exchange(other.length_, 0)), stamp_(other.stamp_)
    {
    }
    mdl_chain &operator=(mdl_chain &&other)
    {
        if (this != &other) {
            clear();
            first_ = std::exchange(other.first_, nullptr);
            length_ = std::exchange(other.length_, 0);
            stamp_ = other.stamp_;
        }
        return *this;
    }

    /** Puts a span behind the others. PASSIVE_LEVEL .. APC_LEVEL.
     * @param bytes  writable; length 1 .. 4 GiB - 1.
     * @return STATUS_SUCCESS; STATUS_INVALID_PARAMETER (nothing, or too long); STATUS_INSUFFICIENT_RESOURCES; what
     * MmProbeAndLockPages raised. On failure the chain is as before. */
    WSK_EMU_NODISCARD status add(void *bytes, std::size_t length)
    {
        if (bytes == nullptr || length == 0 || length > MAXULONG) {
            return STATUS_INVALID_PARAMETER;
        }
        PMDL mdl = IoAllocateMdl(bytes, static_cast<ULONG>(length), FALSE, FALSE, nullptr);

        if (mdl == nullptr) {
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        status locked = lock(mdl);

        if (!locked.ok()) {
            IoFreeMdl(mdl);
            return locked;
        }
        if (first_ == nullptr) {
            stamp_.set();
        }
        PMDL *link = &first_;

        while (*link != nullptr) {
            link = &(*link)->Next;
        }
        *link = mdl;
        length_ += length;
        return STATUS_SUCCESS;
    }
    /** Unlocks and frees all MDLs, in order. PASSIVE_LEVEL .. DISPATCH_LEVEL. Nothing may use them any more. */
    void clear() noexcept
    {
        PMDL mdl = std::exchange(first_, nullptr);

        length_ = 0;
        while (mdl != nullptr && stamp_.is_live()) {
            PMDL next = mdl->Next;

            mdl->Next = nullptr;
            MmUnlockPages(mdl);
            IoFreeMdl(mdl);
            mdl = next;
        }
    }

    /** The first MDL, nullptr when it is empty; stays this owner's. */
    PMDL get() const noexcept
    {
        return first_;
    }
    /** Bytes of all spans. */
    std::size_t length() const noexcept
    {
        return length_;
    }
    /** All of it, as functions of WSK want it. Valid as long as the chain is as it is now. */
    WSK_BUF buffer() const noexcept
    {
        WSK_BUF view = { first_, 0, length_ };

        return view;
    }
    /** length bytes from offset on. Fails the test when they are not all in the chain. */
    WSK_BUF buffer(std::size_t offset, std::size_t length) const
    {
        WSK_BUF view = { first_, 0, 0 };

        if (offset > length_ || length > length_ - offset) {
            detail::refuse("mdl_chain::buffer", "reaches beyond the chain");
            return view;
        }
        /* Offset has to lie in the first MDL. */
        while (view.Mdl != nullptr && view.Mdl->Next != nullptr && offset >= MmGetMdlByteCount(view.Mdl)) {
            offset -= MmGetMdlByteCount(view.Mdl);
            view.Mdl = view.Mdl->Next;
        }
        view.Offset = static_cast<ULONG>(offset);
        view.Length = length;
        return view;
    }

  private:
    /* Where a driver's header was included before this one, __try is the standard library's. */
    static status lock(PMDL mdl)
    {
        volatile NTSTATUS result = STATUS_SUCCESS;

        WSK_EMU_SEH_TRY
        {
            MmProbeAndLockPages(mdl, KernelMode, IoModifyAccess);
        }
        __except (EXCEPTION_EXECUTE_HANDLER)
        {
            result = static_cast<NTSTATUS>(GetExceptionCode());
        }
        return static_cast<NTSTATUS>(result);
    }

    PMDL first_ = nullptr;
    std::size_t length_ = 0;
    detail::run_stamp stamp_;
};

} // namespace wsk_emu

#endif
