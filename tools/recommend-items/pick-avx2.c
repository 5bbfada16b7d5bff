#define PICK pick_avx2
#include "pick-loops.h"
