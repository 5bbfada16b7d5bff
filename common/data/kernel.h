/* kernel.h - float vector kernels, chosen once at run time.
 *
 * Vectors are padded with zeros to a multiple of KERNEL_PAD floats and start at
 * a 64-byte boundary; `n` is the padded length. The three variants differ in the
 * last bits; `portable` gives the same bits on every machine.
 */
#ifndef RECPIPE_DATA_KERNEL_H
#define RECPIPE_DATA_KERNEL_H

#include <stddef.h>

enum { KERNEL_PAD = 16 };

enum kernel_choice { KERNEL_AUTO, KERNEL_PORTABLE, KERNEL_AVX2, KERNEL_AVX512 };
#define KERNEL_CHOICES "auto|portable|avx2|avx512"

/* The choice that will run: AUTO becomes the best the processor has; a choice
 * that it lacks is returned as KERNEL_AUTO (the caller reports it: exit 2). */
enum kernel_choice kernel_resolve(enum kernel_choice wanted);

typedef float kernel_dot(const float *a, const float *b, size_t n);

/* The dot product of a resolved choice. */
kernel_dot *kernel_dot_of(enum kernel_choice resolved);

static inline size_t kernel_padded(size_t n)
{
	return (n + KERNEL_PAD - 1) / KERNEL_PAD * KERNEL_PAD;
}

#endif
