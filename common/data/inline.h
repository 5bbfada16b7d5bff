/* inline.h - INLINE: a part of a kernel, inlined wherever it is called, so that what the
 * caller knows to be constant is constant in it, too.
 *
 * A build with a sanitizer leaves that to the compiler: inlined, with all its checks, a file
 * of train-mf's loops takes two minutes to compile in place of six seconds.
 */
#ifndef RECPIPE_DATA_INLINE_H
#define RECPIPE_DATA_INLINE_H

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define INLINE static inline
#else
#define INLINE static inline __attribute__((always_inline))
#endif

#endif
