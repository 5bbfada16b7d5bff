#define PICK pick_avx512
#include "pick-loops.h"
