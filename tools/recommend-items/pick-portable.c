#define PICK pick_portable
#include "pick-loops.h"
