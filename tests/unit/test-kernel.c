/* The vector kernels against sums in double, one term after the other. */
#include "base/memory.h"
#include "base/random.h"
#include "data/kernel.h"

#include "unit.h"

static const enum kernel_choice CHOICES[] = {KERNEL_PORTABLE, KERNEL_AVX2, KERNEL_AVX512};

static void test_dot(enum kernel_choice choice)
{
	kernel_dot *dot = kernel_dot_of(choice);
	struct random r = random_start(7, (uint64_t)choice);
	for (size_t n = KERNEL_PAD; n <= 512; n += KERNEL_PAD) {
		float *a = memory_aligned(n, sizeof(float)), *b = memory_aligned(n, sizeof(float));
		double want = 0, size = 0;
		for (size_t i = 0; i < n; i++) {
			a[i] = (float)random_normal(&r);
			b[i] = (float)random_normal(&r);
			want += (double)a[i] * (double)b[i];
			size += fabs((double)a[i] * (double)b[i]);
		}
		CHECK_NEAR(dot(a, b, n), want, size * 1e-6);
		free(a);
		free(b);
	}
	CHECK_NEAR(dot(NULL, NULL, 0), 0, 0);
}

int main(void)
{
	CHECK_INT(kernel_padded(0), 0);
	CHECK_INT(kernel_padded(1), 16);
	CHECK_INT(kernel_padded(16), 16);
	CHECK_INT(kernel_padded(17), 32);
	CHECK(kernel_resolve(KERNEL_AUTO) != KERNEL_AUTO);
	CHECK_INT(kernel_resolve(KERNEL_PORTABLE), KERNEL_PORTABLE);
	for (size_t i = 0; i < sizeof CHOICES / sizeof *CHOICES; i++)
		if (kernel_resolve(CHOICES[i]) == CHOICES[i])
			test_dot(CHOICES[i]);
	return unit_finish();
}
