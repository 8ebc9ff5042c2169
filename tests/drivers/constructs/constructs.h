/* SPDX-License-Identifier: MIT */
/* Each file of this folder shows one family of constructs of Microsoft's compiler, as real drivers write them, and has a
 * function that answers 0 or the line on which something has another value than on Windows. */
#ifndef CONSTRUCTS_H
#define CONSTRUCTS_H

#define EXPECT(_condition) \
    if (!(_condition)) {   \
        return __LINE__;   \
    }

EXTERN_C_START
ULONG DeclarationsCheck(VOID);
ULONG MacrosCheck(VOID);
ULONG IntrinsicsCheck(VOID);
ULONG PointersCheck(VOID);
ULONG CopiesCheck(VOID);
ULONG OwnTypesCheck(VOID);
ULONG HeadersCheck(VOID);
ULONG LayoutsCheck(VOID);
ULONG SystemFirstCheck(VOID);
ULONG SystemLastCheck(VOID);
ULONG WideCheck(VOID);
ULONG CarriageReturnCheck(VOID);
ULONG InlineCheck(VOID);
ULONG InlineOther(VOID);

ULONG CxxLanguageCheck(VOID);
ULONG CxxLibraryFirstCheck(VOID);
ULONG CxxLibraryLastCheck(VOID);
ULONG CxxOperatorsCheck(VOID);
ULONG CxxGlobalOperatorsCheck(VOID);
EXTERN_C_END

#endif
