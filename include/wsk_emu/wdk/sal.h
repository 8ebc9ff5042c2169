/* SPDX-License-Identifier: MIT */
/* Source annotations of Microsoft's analyser; all of them vanish. */
#ifndef WSK_EMU_WDK_SAL_H
#define WSK_EMU_WDK_SAL_H

/*
 * Written without arguments.
 */
#define _Analysis_noreturn_
#define _Benign_race_begin_
#define _Benign_race_end_
#define _COM_Outptr_
#define _COM_Outptr_opt_
#define _COM_Outptr_opt_result_maybenull_
#define _COM_Outptr_result_maybenull_
#define _Callback_
#define _Check_return_
#define _Check_return_opt_
#define _Const_
#define _Curr_
#define _Deref_
#define _Deref_out_
#define _Deref_out_opt_
#define _Deref_post_
#define _Deref_post_maybenull_
#define _Deref_post_notnull_
#define _Deref_post_null_
#define _Deref_pre_
#define _Deref_pre_maybenull_
#define _Deref_prepost_z_
#define _Enum_is_bitflag_
#define _Field_z_
#define _Frees_ptr_
#define _Frees_ptr_opt_
#define _Global_cancel_spin_lock_
#define _Global_critical_region_
#define _Global_interlock_
#define _Global_priority_region_
#define _IRQL_is_cancel_
#define _IRQL_requires_same_
#define _IRQL_restores_
#define _IRQL_saves_
#define _IRQL_uses_cancel_
#define _In_
#define _In_opt_
#define _In_opt_z_
#define _In_z_
#define _Inout_
#define _Inout_opt_
#define _Inout_opt_z_
#define _Inout_z_
#define _Interlocked_
#define _Interlocked_operand_
#define _Iter_
#define _Kernel_entry_
#define _Kernel_entry_always_
#define _Kernel_float_restored_
#define _Kernel_float_saved_
#define _Kernel_float_used_
#define _Literal_
#define _Maybe_raises_SEH_exception_
#define _Maybenull_
#define _Must_inspect_result_
#define _No_competing_thread_
#define _No_competing_thread_begin_
#define _No_competing_thread_end_
#define _Notliteral_
#define _Notnull_
#define _Notref_
#define _Notvalid_
#define _NullNull_terminated_
#define _Null_
#define _Null_terminated_
#define _Out_
#define _Out_opt_
#define _Outptr_
#define _Outptr_opt_
#define _Outptr_opt_result_maybenull_
#define _Outptr_opt_result_maybenull_z_
#define _Outptr_opt_result_nullonfailure_
#define _Outptr_opt_result_z_
#define _Outptr_result_maybenull_
#define _Outptr_result_maybenull_z_
#define _Outptr_result_nullonfailure_
#define _Outptr_result_z_
#define _Outref_
#define _Outref_result_maybenull_
#define _Points_to_data_
#define _Post_
#define _Post_defensive_
#define _Post_invalid_
#define _Post_maybenull_
#define _Post_notnull_
#define _Post_null_
#define _Post_ptr_invalid_
#define _Post_valid_
#define _Post_z_
#define _Pre_
#define _Pre_defensive_
#define _Pre_invalid_
#define _Pre_maybenull_
#define _Pre_notnull_
#define _Pre_null_
#define _Pre_opt_valid_
#define _Pre_readonly_
#define _Pre_unknown_
#define _Pre_valid_
#define _Pre_writeonly_
#define _Pre_z_
#define _Prepost_opt_valid_
#define _Prepost_valid_
#define _Prepost_z_
#define _Printf_format_string_
#define _Raises_SEH_exception_
#define _Requires_no_locks_held_
#define _Reserved_
#define _Result_nullonfailure_
#define _Result_zeroonfailure_
#define _Ret_
#define _Ret_maybenull_
#define _Ret_maybenull_z_
#define _Ret_notnull_
#define _Ret_null_
#define _Ret_valid_
#define _Ret_z_
#define _Scanf_format_string_
#define _Scanf_s_format_string_
#define _Strict_type_match_
#define _Use_decl_annotations_
#define _Valid_

/*
 * Written with arguments, whatever their number.
 */
#define _Acquires_exclusive_lock_(...)
#define _Acquires_lock_(...)
#define _Acquires_nonreentrant_lock_(...)
#define _Acquires_shared_lock_(...)
#define _Always_(...)
#define _Analysis_mode_(...)
#define _Analysis_suppress_lock_checking_(...)
#define _At_(...)
#define _At_buffer_(...)
#define _Create_lock_level_(...)
#define _Deref_in_range_(...)
#define _Deref_inout_range_(...)
#define _Deref_out_range_(...)
#define _Dispatch_type_(...)
#define _Field_range_(...)
#define _Field_size_(...)
#define _Field_size_bytes_(...)
#define _Field_size_bytes_full_(...)
#define _Field_size_bytes_full_opt_(...)
#define _Field_size_bytes_opt_(...)
#define _Field_size_bytes_part_(...)
#define _Field_size_bytes_part_opt_(...)
#define _Field_size_full_(...)
#define _Field_size_opt_(...)
#define _Field_size_part_(...)
#define _Function_class_(...)
#define _Function_ignore_lock_checking_(...)
#define _Global_lock_level_order_(...)
#define _Group_(...)
#define _Guarded_by_(...)
#define _Has_lock_kind_(...)
#define _Has_lock_level_(...)
#define _IRQL_always_function_max_(...)
#define _IRQL_always_function_min_(...)
#define _IRQL_raises_(...)
#define _IRQL_requires_(...)
#define _IRQL_requires_max_(...)
#define _IRQL_requires_min_(...)
#define _IRQL_restores_global_(...)
#define _IRQL_saves_global_(...)
#define _In_range_(...)
#define _In_reads_(...)
#define _In_reads_bytes_(...)
#define _In_reads_bytes_opt_(...)
#define _In_reads_opt_(...)
#define _In_reads_opt_z_(...)
#define _In_reads_or_z_(...)
#define _In_reads_or_z_opt_(...)
#define _In_reads_to_ptr_(...)
#define _In_reads_to_ptr_opt_(...)
#define _In_reads_z_(...)
#define _Inexpressible_(...)
#define _Inout_updates_(...)
#define _Inout_updates_all_(...)
#define _Inout_updates_all_opt_(...)
#define _Inout_updates_bytes_(...)
#define _Inout_updates_bytes_all_(...)
#define _Inout_updates_bytes_all_opt_(...)
#define _Inout_updates_bytes_opt_(...)
#define _Inout_updates_bytes_to_(...)
#define _Inout_updates_bytes_to_opt_(...)
#define _Inout_updates_opt_(...)
#define _Inout_updates_opt_z_(...)
#define _Inout_updates_to_(...)
#define _Inout_updates_to_opt_(...)
#define _Inout_updates_z_(...)
#define _Interlocked_size_(...)
#define _Kernel_acquires_resource_(...)
#define _Kernel_clear_do_init_(...)
#define _Kernel_releases_resource_(...)
#define _Kernel_requires_resource_held_(...)
#define _Kernel_requires_resource_not_held_(...)
#define _Lock_level_order_(...)
#define _Null_terminated_length_(...)
#define _Old_(...)
#define _On_failure_(...)
#define _Out_bytecap_(...)
#define _Out_cap_(...)
#define _Out_cap_c_(...)
#define _Out_range_(...)
#define _Out_writes_(...)
#define _Out_writes_all_(...)
#define _Out_writes_all_opt_(...)
#define _Out_writes_bytes_(...)
#define _Out_writes_bytes_all_(...)
#define _Out_writes_bytes_all_opt_(...)
#define _Out_writes_bytes_opt_(...)
#define _Out_writes_bytes_to_(...)
#define _Out_writes_bytes_to_opt_(...)
#define _Out_writes_opt_(...)
#define _Out_writes_opt_z_(...)
#define _Out_writes_to_(...)
#define _Out_writes_to_opt_(...)
#define _Out_writes_to_ptr_(...)
#define _Out_writes_z_(...)
#define _Out_z_cap_(...)
#define _Out_z_cap_c_(...)
#define _Outptr_opt_result_buffer_(...)
#define _Outptr_opt_result_buffer_to_(...)
#define _Outptr_opt_result_bytebuffer_(...)
#define _Outptr_opt_result_bytebuffer_to_(...)
#define _Outptr_result_buffer_(...)
#define _Outptr_result_buffer_all_(...)
#define _Outptr_result_buffer_maybenull_(...)
#define _Outptr_result_buffer_to_(...)
#define _Outptr_result_bytebuffer_(...)
#define _Outptr_result_bytebuffer_all_(...)
#define _Outptr_result_bytebuffer_maybenull_(...)
#define _Outptr_result_bytebuffer_to_(...)
#define _Param_(...)
#define _Post_equal_to_(...)
#define _Post_readable_byte_size_(...)
#define _Post_readable_size_(...)
#define _Post_same_lock_(...)
#define _Post_satisfies_(...)
#define _Post_writable_byte_size_(...)
#define _Post_writable_size_(...)
#define _Pre_equal_to_(...)
#define _Pre_readable_byte_size_(...)
#define _Pre_readable_size_(...)
#define _Pre_satisfies_(...)
#define _Pre_writable_byte_size_(...)
#define _Pre_writable_size_(...)
#define _Readable_bytes_(...)
#define _Readable_elements_(...)
#define _Releases_exclusive_lock_(...)
#define _Releases_lock_(...)
#define _Releases_nonreentrant_lock_(...)
#define _Releases_shared_lock_(...)
#define _Requires_exclusive_lock_held_(...)
#define _Requires_lock_held_(...)
#define _Requires_lock_not_held_(...)
#define _Requires_shared_lock_held_(...)
#define _Ret_range_(...)
#define _Ret_writes_(...)
#define _Ret_writes_bytes_(...)
#define _Ret_writes_bytes_maybenull_(...)
#define _Ret_writes_bytes_to_(...)
#define _Ret_writes_maybenull_(...)
#define _Ret_writes_to_(...)
#define _Ret_writes_z_(...)
#define _Return_type_success_(...)
#define _Satisfies_(...)
#define _String_length_(...)
#define _Struct_size_bytes_(...)
#define _Success_(...)
#define _Unchanged_(...)
#define _When_(...)
#define _Writable_bytes_(...)
#define _Writable_elements_(...)
#define _Write_guarded_by_(...)

/*
 * Written as statements or inside expressions.
 */
#define _Analysis_assume_(...) ((void)0)
#define _Analysis_assume_lock_acquired_(...) ((void)0)
#define _Analysis_assume_lock_held_(...) ((void)0)
#define _Analysis_assume_lock_not_held_(...) ((void)0)
#define _Analysis_assume_lock_released_(...) ((void)0)
#define _Analysis_assume_nullterminated_(...) ((void)0)
#define _Analysis_assume_same_lock_(...) ((void)0)
#define _Analysis_assume_smart_lock_acquired_(...) ((void)0)
#define _Analysis_assume_smart_lock_released_(...) ((void)0)
#define __analysis_assert(...) ((void)0)
#define __analysis_assume(...) ((void)0)
#define __analysis_assume_lock_acquired(...) ((void)0)
#define __analysis_assume_lock_released(...) ((void)0)
#define __analysis_assume_nullterminated(...) ((void)0)

/*
 * The older spelling.
 */
#define __checkReturn
#define __deref_in
#define __deref_inout
#define __deref_opt_out
#define __deref_out
#define __deref_out_opt
#define __in_opt
#define __in_z
#define __in_z_opt
#define __inout
#define __inout_opt
#define __inout_z
#define __nullterminated
#define __out_opt
#define __out_z
#define __control_entrypoint(...)
#define __deref_opt_out_ecount(...)
#define __deref_out_bcount(...)
#define __deref_out_ecount(...)
#define __field_bcount(...)
#define __field_bcount_part(...)
#define __field_ecount(...)
#define __field_ecount_part(...)
#define __field_range(...)
#define __in_bcount(...)
#define __in_bcount_opt(...)
#define __in_data_source(...)
#define __in_ecount(...)
#define __in_ecount_opt(...)
#define __in_ecount_z(...)
#define __inout_bcount(...)
#define __inout_bcount_full(...)
#define __inout_bcount_full_opt(...)
#define __inout_bcount_opt(...)
#define __inout_bcount_part(...)
#define __inout_bcount_part_opt(...)
#define __inout_ecount(...)
#define __inout_ecount_full(...)
#define __inout_ecount_full_opt(...)
#define __inout_ecount_opt(...)
#define __inout_ecount_part(...)
#define __inout_ecount_part_opt(...)
#define __inout_ecount_z(...)
#define __out_bcount(...)
#define __out_bcount_full(...)
#define __out_bcount_full_opt(...)
#define __out_bcount_opt(...)
#define __out_bcount_part(...)
#define __out_bcount_part_opt(...)
#define __out_data_source(...)
#define __out_ecount(...)
#define __out_ecount_full(...)
#define __out_ecount_full_opt(...)
#define __out_ecount_opt(...)
#define __out_ecount_part(...)
#define __out_ecount_part_opt(...)
#define __out_ecount_z(...)
#define __struct_bcount(...)
#define __typefix(...)

/* In C only: as macros these words would break the headers of the C++ library. */
#ifndef __cplusplus
#define __in
#define __out
#define __in_range(...)
#define __out_range(...)
#define __success(...)
#endif

#endif
