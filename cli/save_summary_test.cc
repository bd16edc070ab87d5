// SPDX-License-Identifier: Apache-2.0
#include "cli/save_summary.h"

#include <gtest/gtest.h>

namespace lancekeep::cli {
namespace {

using namespace std::chrono_literals;

SaveReport report_of(std::uint64_t written, std::uint64_t kept, std::uint64_t bytes_written,
                     std::uint64_t bytes_shared = 0) {
  SaveReport report;
  report.version = 2;
  report.tensors_written = written;
  report.tensors_kept = kept;
  report.bytes_written = bytes_written;
  report.bytes_shared = bytes_shared;
  report.bytes_total = 18'800'000;
  return report;
}

TEST(SaveSummary, OfAWholeSaveSharesNothing) {
  EXPECT_EQ(save_summary("model.lance", report_of(296, 0, 18'900'000), 41ms),
            "version 2 of model.lance: 296 tensors, 18.8 MB; wrote 18.9 MB in 41 ms");
}

TEST(SaveSummary, TellsWhatWasShared) {
  EXPECT_EQ(save_summary("model.lance", report_of(2, 294, 1'800'000, 17'000'000), 41ms),
            "version 2 of model.lance: 296 tensors, 18.8 MB; wrote 1.8 MB in 41 ms; "
            "shared 294 tensors, 17.0 MB");
}

TEST(SaveSummary, OfAnUnchangedModelSharesAll) {
  EXPECT_EQ(save_summary("model.lance", report_of(0, 296, 5'000, 18'800'000), 41ms),
            "version 2 of model.lance: 296 tensors, 18.8 MB; wrote 5.0 kB in 41 ms; "
            "shared 296 tensors, 18.8 MB");
}

TEST(SaveSummary, EscapesTheStoresName) {
  EXPECT_EQ(save_summary("a\x1b[2J", report_of(1, 0, 18'900'000), 41ms).substr(0, 26),
            "version 2 of a\\u001b[2J: 1");
}

}  // namespace
}  // namespace lancekeep::cli
