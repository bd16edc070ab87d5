// SPDX-License-Identifier: Apache-2.0
// Pickles that ask for more than they may, and for what they may not.
#include "formats/pickle/machine.h"
#include "formats/pickle/machine_testing.h"
#include "io/testing/error_matcher.h"

#include <gtest/gtest.h>

#include <utility>

namespace lancekeep::formats {
namespace {

using io::fails_with;
using namespace std::string_literals;

TEST(PickleMachine, AContainerThatContainsItselfIsFreed) {
  const PickleDocument document = load(whole_pickle("]q\0h\0a"s));
  EXPECT_EQ(document.node(document.root)->items()[0], document.root);
}

TEST(PickleMachine, NestingOfAnyDepthIsReadAndFreed) {
  const PickleDocument document = load(whole_pickle("N" + std::string(300'000, '\x85')));
  EXPECT_EQ(document.nodes().size(), 300'000u);
}

TEST(PickleMachine, DoublingThroughTheMemoTakesNoMemory) {
  std::string body = ")q\0"s;
  for (int i = 0; i < 1000; ++i) body += "h\0h\0\x86q\0"s;
  EXPECT_EQ(load(whole_pickle(body)).nodes().size(), 1001u);
}

// What a hostile pickle of `times` times the piece asks for, against a budget of 1 MiB.
auto repeating(const std::string& start, const std::string& piece, int times) {
  std::string body = start;
  for (int i = 0; i < times; ++i) body += piece;
  return loading(body, 1 << 20);
}

TEST(PickleMachine, PicklesBeyondTheBudgetAreRejected) {
  for (const auto& [start, piece] :
       {std::pair("", "N"), std::pair("", "("), std::pair("", ")"), std::pair("N", "2"),
        std::pair("N", "\x94"), std::pair("", "K\x01"), std::pair("]", "Na"),
        std::pair("", "GAAAAAAAA"), std::pair("", "U\x01x"), std::pair("N", "\x85"),
        std::pair("", "}")}) {
    EXPECT_THAT(repeating(start, piece, 200'000),
                fails_with(ErrorCode::unsupported, "would take more than 1048576 bytes"))
        << piece;
  }
}

TEST(PickleMachine, CopiesIntoOrderedDictsCount) {
  std::string body = "](";
  for (int i = 0; i < 1000; ++i) body += "NN\x86";
  body += "eq\0"s + pickled_global("collections", "OrderedDict") + "q\x01";
  for (int i = 0; i < 1000; ++i) body += "h\x01h\0\x85R"s;
  EXPECT_THAT(loading(body, 1 << 20), fails_with(ErrorCode::unsupported, "the pickle's values"));
}

TEST(PickleMachine, AFarMemoIndexIsRejected) {
  EXPECT_THAT(loading("Nr\xff\xff\xff\xff"),
              fails_with(ErrorCode::unsupported, "the pickle's memo would take more than"));
}

TEST(PickleMachine, PopsAndMarksTakeNoMemory) {
  std::string body;
  for (int i = 0; i < 500'000; ++i) body += "N0(1";
  EXPECT_NO_THROW(loading(body + "N", 1 << 20)());
}

TEST(PickleMachine, AForbiddenGlobalIsRejectedInEveryPlace) {
  const std::string bad = pickled_global("os", "system");
  const std::string stacked = pickled("os") + pickled("system") + "\x93";
  for (const std::string& global : {bad, stacked}) {
    for (const std::string& body :
         {global, "}" + global + "Ns", "}N" + global + "s", global + "Q", "]" + global + "b",
          pickled_global("good", "f") + global + "\x85R", global + ")\x81", global + "0N",
          pickled_global("good", "f") + ")R" + global + "b"}) {
      EXPECT_THAT(loading(body), fails_with(ErrorCode::unsafe, "`os.system`"));
    }
  }
}

TEST(PickleMachine, ACounterASetAndADefaultDictAreMade) {
  const auto kind_of = [](const std::string& body) {
    const PickleDocument document = load(whole_pickle(body));
    const PickleNode* node = document.node(document.root);
    return std::pair(node->kind, node->count);
  };
  const std::string counter = pickled_global("collections", "Counter");
  EXPECT_EQ(kind_of(counter + "}" + pickled("a") + "K\x02s\x85R"),
            std::pair(PickleNode::Kind::counter, 2u));
  const std::string missing = pickled_global("collections", "defaultdict");
  EXPECT_EQ(kind_of(missing + pickled_global("good", "list") + "\x85RK\x01K\x02s"),
            std::pair(PickleNode::Kind::dict, 2u));
}

TEST(PickleMachine, ContainersOfWrongArgumentsAreRejected) {
  EXPECT_THAT(loading(pickled_global("collections", "Counter") + "K\x01\x85R"),
              fails_with(ErrorCode::corrupt, "Counter takes no argument or a dict"));
  EXPECT_THAT(loading(pickled_global("collections", "defaultdict") + "K\x01\x85R"),
              fails_with(ErrorCode::corrupt, "defaultdict takes no argument or a factory"));
}

TEST(PickleMachine, DataIsNotCalled) {
  EXPECT_THAT(loading(pickled("os") + ")R"),
              fails_with(ErrorCode::corrupt, "must be a global, not a str"));
}

}  // namespace
}  // namespace lancekeep::formats
