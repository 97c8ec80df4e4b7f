// Symbol visibility: everything is hidden unless marked.
#pragma once
#define AFFEKT_API __attribute__((visibility("default")))
