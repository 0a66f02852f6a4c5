// Nothing is called by name: the library replaces the C library's functions.
#pragma once
