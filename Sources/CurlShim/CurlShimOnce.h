// What the two parts of the shim share.
#pragma once
#include <curl/curl.h>
#include <stdbool.h>

#include "CurlShim.h"

/// Sets libcurl up, once for the process; false if it can't be used.
bool curlshim_usable(void);

enum curlshim_fault curlshim_fault_of(CURLcode code);
