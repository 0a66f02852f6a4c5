#pragma once
#include <matio.h>
// matio inflates with zlib; MatOutline looks into deflated elements before matio does.
#include <zlib.h>
