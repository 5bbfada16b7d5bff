/* sgd-portable.c - the loops in plain C: the same bits on every machine. */
#include "data/vector-portable.h"

#include "sgd-loops.h"
#include "sgd-composed.h"
#include "cosine-loops.h"
