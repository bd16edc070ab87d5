// SPDX-License-Identifier: Apache-2.0
#include "formats/pickle/machine.h"

#include "formats/pickle/machine_testing.h"
#include "io/testing/error_matcher.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <utility>

namespace lancekeep::formats {
namespace {

using io::fails_with;
using testing::HasSubstr;
using namespace std::string_literals;

std::optional<std::int64_t> loaded_integer(const std::string& body) {
  const PickleDocument document = load(whole_pickle(body));
  return document.integer(document.root);
}

std::string_view bytes_of_root(const PickleDocument& document) {
  const PickleText* text = document.text(document.root);
  return text ? std::string_view(text->kept, text->length) : "none";
}

TEST(PickleMachine, ReadsNumbers) {
  EXPECT_EQ(loaded_integer("K\xff"), 255);
  EXPECT_EQ(loaded_integer("M\x01\x02"), 0x201);
  EXPECT_EQ(loaded_integer("J\xff\xff\xff\xff"), -1);
  EXPECT_EQ(loaded_integer("\x8a\x00"s), 0);
  EXPECT_EQ(loaded_integer("\x8a\x02\x00\x80"s), -32768);
  EXPECT_EQ(loaded_integer("\x8b\x01\x00\x00\x00\x07"s), 7);
  EXPECT_EQ(loaded_integer("\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f"), INT64_MAX);
  EXPECT_EQ(loaded_integer("\x8a\x0a\x05"s + std::string(9, '\0')), 5);
  const PickleDocument real = load(whole_pickle("G\x3f\xf8\0\0\0\0\0\0"s));
  EXPECT_EQ(real.real(real.root), 1.5);
  const PickleDocument boolean = load(whole_pickle("\x88"));
  EXPECT_EQ(boolean.boolean(boolean.root), true);
}

TEST(PickleMachine, AnIntBeyond64BitsKeepsItsDigits) {
  const PickleDocument document = load(whole_pickle("\x8a\x09"s + std::string(9, '\x01')));
  EXPECT_EQ(document.root.kind, PickleValue::Kind::big_integer);
  EXPECT_EQ(bytes_of_root(document), std::string(9, '\x01'));
}

TEST(PickleMachine, ReadsTextOfEveryKind) {
  for (const std::string& body : {pickled("ab"),
                                  "\x8c\x02"s
                                  "ab",
                                  "\x8d\x02\0\0\0\0\0\0\0ab"s,
                                  "U\x02"s
                                  "ab",
                                  "T\x02\0\0\0ab"s}) {
    const PickleDocument document = load(whole_pickle(body));
    EXPECT_EQ(document.short_text(document.root), "ab");
  }
}

TEST(PickleMachine, ReadsBytesOfEveryKind) {
  for (const std::string& body :
       {"C\x02"s
        "ab",
        "B\x02\0\0\0ab"s, "\x8e\x02\0\0\0\0\0\0\0ab"s, "\x96\x02\0\0\0\0\0\0\0ab"s}) {
    EXPECT_EQ(bytes_of_root(load(whole_pickle(body))), "ab");
  }
}

TEST(PickleMachine, ReadsTuplesListsDictsAndSets) {
  const PickleDocument document =
      load(whole_pickle("](K\x01K\x02K\x03\x87}K\x04Ns\x8f(K\x05\x90"
                        "e"));
  const PickleNode* list = document.node(document.root, PickleNode::Kind::list);
  ASSERT_NE(list, nullptr);
  ASSERT_EQ(list->count, 3u);
  EXPECT_EQ(document.node(list->items()[0], PickleNode::Kind::tuple)->count, 3u);
  const PickleNode* dict = document.node(list->items()[1], PickleNode::Kind::dict);
  ASSERT_EQ(dict->count, 2u);
  EXPECT_EQ(document.integer(dict->items()[0]), 4);
  EXPECT_EQ(document.node(list->items()[2], PickleNode::Kind::set)->count, 1u);
}

TEST(PickleMachine, AListGrows) {
  std::string body = "]";
  for (int i = 0; i < 1000; ++i)
    body += "M" + little_endian(static_cast<std::uint64_t>(i), 2) + "a";
  const PickleDocument document = load(whole_pickle(body));
  const auto items = document.node(document.root)->items();
  ASSERT_EQ(items.size(), 1000u);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(document.integer(items[static_cast<std::size_t>(i)]), i);
}

TEST(PickleMachine, TheMemoGivesTheSameNodeAgain) {
  const PickleDocument document = load(whole_pickle("(]q\x05h\x05\x94j\x01\0\0\0t"s));
  const PickleNode* tuple = document.node(document.root);
  ASSERT_EQ(tuple->count, 3u);
  EXPECT_EQ(tuple->items()[0], tuple->items()[1]);
  EXPECT_EQ(tuple->items()[0], tuple->items()[2]);
}

TEST(PickleMachine, ACallIsRecordedButNotMade) {
  const PickleDocument document = load(whole_pickle(pickled_global("good", "f") + "K\x01\x85R"));
  EXPECT_EQ(document.describe(document.root), "a call of good.f");
  const PickleNode* call = document.node(document.root, PickleNode::Kind::call);
  EXPECT_EQ(document.node(call->items()[1])->count, 1u);
}

TEST(PickleMachine, ACallKeepsItsState) {
  const PickleDocument document = load(whole_pickle(pickled_global("good", "f") + ")RK\x05"
                                                                                  "b"));
  const PickleNode* call = document.node(document.root, PickleNode::Kind::call);
  ASSERT_EQ(call->count, 3u);
  EXPECT_EQ(document.integer(call->items()[2]), 5);
}

TEST(PickleMachine, ACallIsGivenAStateOnce) {
  EXPECT_THAT(loading(pickled_global("good", "f") + ")RNbNb"),
              fails_with(ErrorCode::unsupported, "sets the state of a call of good.f"));
}

TEST(PickleMachine, AStackGlobalIsAGlobal) {
  const PickleDocument document = load(whole_pickle(pickled("good") + pickled("f") + "\x93"));
  EXPECT_EQ(document.describe(document.root), "the global good.f");
}

TEST(PickleMachine, AGlobalMayHaveAnEmptyName) {
  const PickleDocument document = load(whole_pickle(pickled("good") + pickled("") + "\x93)R"));
  EXPECT_EQ(document.describe(document.root), "a call of good.");
}

TEST(PickleMachine, AnOrderedDictIsADictAndKeepsItsState) {
  const std::string made = pickled_global("collections", "OrderedDict") + ")R";
  const PickleDocument document = load(whole_pickle(made + "K\x01K\x02s}b"));
  const PickleNode* dict = document.node(document.root, PickleNode::Kind::ordered_dict);
  ASSERT_NE(dict, nullptr);
  EXPECT_EQ(dict->count, 2u);
  EXPECT_EQ(document.describe(document.extra(document.root).value()), "a dict");
}

TEST(PickleMachine, ReadsAnOrderedDictOfPairsAsPython2WroteIt) {
  const std::string pairs =
      "](](K\x01K\x02"
      "e](K\x03K\x04"
      "ee";
  const PickleDocument document =
      load(whole_pickle(pickled_global("collections", "OrderedDict") + pairs + "\x85R"));
  EXPECT_EQ(document.node(document.root, PickleNode::Kind::ordered_dict)->count, 4u);
}

TEST(PickleMachine, ReportsTheLengthOfThePickle) {
  EXPECT_EQ(load(whole_pickle("N") + "more").length, 4u);
}

TEST(PickleMachine, AGlobalThatIsNotKnownIsForeign) {
  const PickleDocument document = load(whole_pickle(pickled_global("os", "system")));
  EXPECT_NE(document.node(document.root, NodeKind::foreign), nullptr);
  EXPECT_EQ(document.describe(document.root), "the global os.system");
}

// Returns the object that a pickle makes at its root; fails if it makes none.
const PickleNode& object_of(const PickleDocument& document) {
  const PickleNode* object = document.node(document.root, NodeKind::object);
  if (!object) throw std::runtime_error("the root is " + document.describe(document.root));
  return *object;
}

TEST(PickleMachine, WhatAForeignGlobalWouldMakeIsAnObject) {
  const std::string type = pickled_global("os", "T");
  for (const std::string& body :
       {type + "K\x01\x85R", type + "K\x01\x85\x81", type + "K\x01\x85}\x92", "(K\x01ios\nT\n"s,
        "(" + type + "K\x01o", pickled("os") + pickled("T") + "\x93K\x01\x85R"}) {
    const PickleDocument document = load(whole_pickle(body));
    const PickleNode& object = object_of(document);
    EXPECT_EQ(document.describe(document.root), "an object of os.T");
    EXPECT_EQ(document.node(object.items()[kArguments])->count, 1u);
    EXPECT_EQ(object.items()[kObjectState].kind, PickleValue::Kind::absent);
  }
}

TEST(PickleMachine, AnObjectKeepsItemsEntriesAndState) {
  const PickleDocument document =
      load(whole_pickle(pickled_global("os", "T") + ")\x81(K\x01K\x02" + "eK\x03K\x04s}b"));
  const PickleNode& object = object_of(document);
  EXPECT_EQ(document.node(object.items()[kObjectItems], NodeKind::list)->count, 2u);
  EXPECT_EQ(document.node(object.items()[kObjectEntries], NodeKind::dict)->count, 2u);
  EXPECT_NE(document.node(object.items()[kObjectState], NodeKind::dict), nullptr);
}

TEST(PickleMachine, AnObjectOfAnObjectIsAnObject) {
  const PickleDocument document = load(whole_pickle(pickled_global("os", "getattr") + ")R)R"));
  EXPECT_NE(document.node(object_of(document).items()[kMaker], NodeKind::object), nullptr);
}

TEST(PickleMachine, ATypeByItsNumberIsForeign) {
  EXPECT_EQ(load(whole_pickle("\x82\x07")).describe(load(whole_pickle("\x82\x07")).root),
            "the global copyreg.EXT1(7)");
}

TEST(PickleMachine, ErrorsNameOpcodeFileAndOffset) {
  try {
    (void)load(whole_pickle("NN\x97"));
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.file(), "data.pkl");
    EXPECT_EQ(error.offset(), 4u);
    EXPECT_THAT(error.what(), HasSubstr("NEXT_BUFFER (0x97)"));
  }
}

TEST(PickleMachine, EveryPrefixOfAPickleIsRejected) {
  const std::string whole = whole_pickle(pickled_dict({{"a", PickledTensor().text()}}));
  const auto knows_all = [](std::string_view, std::string_view) { return true; };
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_THAT(
        [&] {
          io::MemoryBudget budget(kEnough, "f");
          (void)load_pickle(io::ByteView::of(whole.substr(0, length), "f"), knows_all, budget);
        },
        fails_with(ErrorCode::corrupt, ""))
        << length;
  }
}

TEST(PickleMachine, OpcodesThatNoCheckpointNeedsAreRejected) {
  EXPECT_THAT(loading("\x97"), fails_with(ErrorCode::unsupported, "NEXT_BUFFER (0x97)"));
  EXPECT_THAT(loading("I1\n"), fails_with(ErrorCode::unsupported, "INT (0x49)"));
  EXPECT_THAT(loading("\xff"), fails_with(ErrorCode::unsupported, "0xff"));
}

TEST(PickleMachine, AnotherProtocolIsRejected) {
  EXPECT_THAT(loading("\x80\x06N"), fails_with(ErrorCode::unsupported, "protocol 6"));
}

TEST(PickleMachine, AFrameBeyondTheEndIsRejected) {
  EXPECT_THAT(loading("\x95\xff\0\0\0\0\0\0\0N"s),
              fails_with(ErrorCode::corrupt, "a frame of 255 bytes, but 2 remain"));
}

TEST(PickleMachine, TextBeyondTheEndIsRejected) {
  EXPECT_THAT(loading("X\xff\xff\xff\xff"
                      "a"),
              fails_with(ErrorCode::corrupt, "a string of a pickle"));
  EXPECT_THAT(loading("T\xff\xff\xff\xff"
                      "a"),
              fails_with(ErrorCode::corrupt, "length -1"));
}

TEST(PickleMachine, AnAbsurdIntIsRejected) {
  EXPECT_THAT(loading("\x8b\xff\xff\xff\x7f"), fails_with(ErrorCode::corrupt, "2147483647 bytes"));
}

TEST(PickleMachine, TooFewValuesAreRejected) {
  EXPECT_THAT(loading(""), fails_with(ErrorCode::corrupt, "needs 1 values, but the stack has 0"));
  EXPECT_THAT(loading("2"), fails_with(ErrorCode::corrupt, "the stack is empty"));
  EXPECT_THAT(loading("N\x86"),
              fails_with(ErrorCode::corrupt, "needs 2 values, but the stack has 1"));
  EXPECT_THAT(loading("0"), fails_with(ErrorCode::corrupt, "POP on an empty stack"));
}

TEST(PickleMachine, ValuesBelowAMarkAreOutOfReach) {
  EXPECT_THAT(loading("N(\x85"), fails_with(ErrorCode::corrupt, "but the stack has 0"));
}

TEST(PickleMachine, AMissingMarkIsRejected) {
  EXPECT_THAT(loading("Nt"), fails_with(ErrorCode::corrupt, "needs a MARK"));
}

TEST(PickleMachine, AnEmptyMemoSlotIsRejected) {
  EXPECT_THAT(loading("h\x07"), fails_with(ErrorCode::corrupt, "memo at 7"));
}

TEST(PickleMachine, AppendingToAnythingButAListIsRejected) {
  EXPECT_THAT(loading("}Na"), fails_with(ErrorCode::corrupt, "cannot add items to a dict"));
  EXPECT_THAT(loading("](N\x90"), fails_with(ErrorCode::corrupt, "cannot add items to a list"));
  EXPECT_THAT(loading("NNa"), fails_with(ErrorCode::corrupt, "cannot add items to None"));
}

TEST(PickleMachine, SettingItemsOfAnythingButADictIsRejected) {
  EXPECT_THAT(loading("]NNs"), fails_with(ErrorCode::corrupt, "cannot set items of a list"));
  EXPECT_THAT(loading("}(Nu"), fails_with(ErrorCode::corrupt, "a key without a value"));
}

TEST(PickleMachine, CallingAnythingButAGlobalIsRejected) {
  EXPECT_THAT(loading("N)R"), fails_with(ErrorCode::corrupt, "must be a global, not None"));
  EXPECT_THAT(loading(pickled_global("good", "f") + "NR"),
              fails_with(ErrorCode::corrupt, "must be a tuple, not None"));
}

TEST(PickleMachine, StateOfAnythingButAnOrderedDictIsRejected) {
  EXPECT_THAT(loading("}}b"), fails_with(ErrorCode::unsupported, "the state of a dict"));
}

TEST(PickleMachine, AnOrderedDictOfSomethingElseIsRejected) {
  const std::string type = pickled_global("collections", "OrderedDict");
  EXPECT_THAT(loading(type + "K\x01\x85R"), fails_with(ErrorCode::corrupt, "a list of pairs"));
  EXPECT_THAT(loading(type + "]Na\x85R"), fails_with(ErrorCode::corrupt, "not of None"));
}

TEST(PickleMachine, AGlobalWithoutEndIsRejected) {
  EXPECT_THAT(loading("c" + std::string(5000, 'a') + "\nb\n"),
              fails_with(ErrorCode::corrupt, "does not end within 1024 bytes"));
}

TEST(PickleMachine, AStackGlobalOfNumbersIsRejected) {
  EXPECT_THAT(loading("K\x01K\x02\x93"),
              fails_with(ErrorCode::corrupt, "two short strings, not an int"));
}

// The tests below load pickles that ask for too much memory, or name forbidden globals.

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

// Loads `start`, followed by `times` copies of `piece`, with a budget of 1 MiB.
auto repeating(const std::string& start, const std::string& piece, int times) {
  std::string body = start;
  for (int i = 0; i < times; ++i) body += piece;
  return loading(body, 1 << 20);
}

TEST(PickleMachine, PicklesBeyondTheBudgetAreRejected) {
  for (const auto& [start, piece] :
       {std::pair("", "N"), std::pair("", "("), std::pair("", ")"), std::pair("N", "2"),
        std::pair("N", "\x94"), std::pair("", "K\x01"), std::pair("]", "Na"),
        std::pair("N", "\x85"), std::pair("", "}")}) {
    EXPECT_THAT(repeating(start, piece, 200'000),
                fails_with(ErrorCode::unsupported, "would take more than 1048576 bytes"))
        << piece;
  }
  // Each byte of text raises the budget by 8 bytes, which is less than what a short text takes.
  constexpr int kTextsRead = 40'966;
  EXPECT_THAT(repeating("", "U\x01x", 200'000),
              fails_with(ErrorCode::unsupported,
                         fmt::format("would take more than {} bytes", (1 << 20) + 8 * kTextsRead)));
}

TEST(PickleMachine, TextAndFloatsRaiseTheBudget) {
  std::string words = "}(";
  for (int i = 0; i < 20'000; ++i) words += pickled(fmt::format("word{}", i)) + "K\x01";
  EXPECT_NO_THROW(loading(words + "u", 1 << 20)());
  std::string floats = "](";
  for (int i = 0; i < 100'000; ++i) floats += "GAAAAAAAA";
  EXPECT_NO_THROW(loading(floats + "e", 1 << 20)());
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
            std::pair(PickleNode::Kind::default_dict, 2u));
  const std::string deque = pickled_global("collections", "deque");
  EXPECT_EQ(kind_of(deque + ")K\x05\x86RNa"), std::pair(PickleNode::Kind::deque, 1u));
  EXPECT_EQ(kind_of("(K\x01K\x01\x91"), std::pair(PickleNode::Kind::frozenset, 1u));
}

TEST(PickleMachine, ContainersOfWrongArgumentsAreRejected) {
  EXPECT_THAT(loading(pickled_global("collections", "Counter") + "K\x01\x85R"),
              fails_with(ErrorCode::corrupt, "Counter takes no argument or a dict"));
  EXPECT_THAT(loading(pickled_global("collections", "defaultdict") + "K\x01\x85R"),
              fails_with(ErrorCode::corrupt, "defaultdict takes no argument or a factory"));
  EXPECT_THAT(loading(pickled_global("collections", "deque") + ")J\xff\xff\xff\xff\x86R"),
              fails_with(ErrorCode::corrupt, "deque takes no argument, or a list and the"));
}

TEST(PickleMachine, DataIsNotCalled) {
  EXPECT_THAT(loading(pickled("os") + ")R"),
              fails_with(ErrorCode::corrupt, "must be a global, not a str"));
}

}  // namespace

}  // namespace lancekeep::formats
