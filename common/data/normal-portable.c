#include "data/vector-portable.h"

#include "data/normal-loops.h"
