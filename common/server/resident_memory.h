// What the process has of memory, and what it may have.
#pragma once

#include <cstdint>

namespace seawall::server {

// Resident bytes, those of the store's file included; 0 where the kernel does not say.
uint64_t resident_memory();
// The machine's memory, or what its control groups allow where that is less.
uint64_t memory_of_machine();

}  // namespace seawall::server
