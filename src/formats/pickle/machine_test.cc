// SPDX-License-Identifier: Apache-2.0
#include "formats/pickle/machine.h"

#include "formats/pickle/pickle_testing.h"
#include "io/error_matcher.h"

#include <gtest/gtest.h>

namespace lancekeep::formats {
namespace {

using io::fails_with;
using testing::HasSubstr;
using namespace std::string_literals;

std::optional<GlobalRefusal> allow_good(std::string_view module, std::string_view) {
  if (module == "good" || module == "collections") return std::nullopt;
  return GlobalRefusal{ErrorCode::unsafe, "which is not allowed; nothing was run"};
}

PickleDocument load(const std::string& pickle, const PickleLimits& limits = {}) {
  return load_pickle(io::ByteView::of(pickle, "data.pkl"), allow_good, limits);
}

auto loading(const std::string& body, const PickleLimits& limits = {}) {
  return [=] { (void)load(whole_pickle(body), limits); };
}

template <typename T>
T loaded(const std::string& body) {
  return std::get<T>(load(whole_pickle(body)).root);
}

TEST(PickleMachine, ReadsNumbers) {
  EXPECT_EQ(loaded<std::int64_t>("K\xff"), 255);
  EXPECT_EQ(loaded<std::int64_t>("M\x01\x02"), 0x201);
  EXPECT_EQ(loaded<std::int64_t>("J\xff\xff\xff\xff"), -1);
  EXPECT_EQ(loaded<std::int64_t>("\x8a\x00"s), 0);
  EXPECT_EQ(loaded<std::int64_t>("\x8a\x02\x00\x80"s), -32768);
  EXPECT_EQ(loaded<std::int64_t>("\x8b\x01\x00\x00\x00\x07"s), 7);
  EXPECT_EQ(loaded<std::int64_t>("\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f"), INT64_MAX);
  EXPECT_EQ(loaded<double>("G\x3f\xf8\0\0\0\0\0\0"s), 1.5);
  EXPECT_TRUE(loaded<bool>("\x88"));
  EXPECT_FALSE(loaded<bool>("\x89"));
}

TEST(PickleMachine, AnIntBeyond64BitsKeepsItsDigits) {
  EXPECT_EQ(loaded<PickleBigInt>("\x8a\x09"s + std::string(9, '\x01')).digits.size(), 9u);
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
    EXPECT_EQ(std::get<PickleText>(document.root).text, "ab");
  }
}

TEST(PickleMachine, ReadsBytesOfEveryKind) {
  for (const std::string& body : {"C\x02"s
                                  "ab",
                                  "B\x02\0\0\0ab"s, "\x8e\x02\0\0\0\0\0\0\0ab"s}) {
    const PickleDocument document = load(whole_pickle(body));
    EXPECT_EQ(std::get<PickleBytes>(document.root).bytes, "ab");
  }
}

TEST(PickleMachine, ReadsTuplesListsAndDicts) {
  const PickleDocument document = load(whole_pickle("](K\x01K\x02K\x03\x87}K\x04Nse"));
  const PickleNode* list = node_of(document.root, PickleNode::Kind::list);
  ASSERT_NE(list, nullptr);
  ASSERT_EQ(list->items.size(), 2u);
  EXPECT_EQ(node_of(list->items[0], PickleNode::Kind::tuple)->items.size(), 3u);
  const PickleNode* dict = node_of(list->items[1], PickleNode::Kind::dict);
  ASSERT_EQ(dict->items.size(), 2u);
  EXPECT_EQ(std::get<std::int64_t>(dict->items[0]), 4);
}

TEST(PickleMachine, TheMemoGivesTheSameNodeAgain) {
  const PickleDocument document = load(whole_pickle("(]q\x05h\x05\x94j\x01\0\0\0t"s));
  const PickleNode* tuple = node_of(document.root);
  ASSERT_EQ(tuple->items.size(), 3u);
  EXPECT_EQ(node_of(tuple->items[0]), node_of(tuple->items[1]));
  EXPECT_EQ(node_of(tuple->items[0]), node_of(tuple->items[2]));
}

TEST(PickleMachine, ACallIsNotedAndNotMade) {
  const PickleDocument document = load(whole_pickle(pickled_global("good", "f") + "K\x01\x85R"));
  EXPECT_EQ(called_name(document.root), "good.f");
  const PickleNode* call = node_of(document.root, PickleNode::Kind::call);
  EXPECT_EQ(node_of(call->items[1])->items.size(), 1u);
}

TEST(PickleMachine, AStackGlobalIsAGlobal) {
  const PickleDocument document = load(whole_pickle(pickled("good") + pickled("f") + "\x93"));
  EXPECT_EQ(node_of(document.root)->full_name(), "good.f");
}

TEST(PickleMachine, AnOrderedDictIsADictAndItsStateIsDropped) {
  const std::string made = pickled_global("collections", "OrderedDict") + ")R";
  const PickleDocument document = load(whole_pickle(made + "K\x01K\x02s}b"));
  const PickleNode* dict = node_of(document.root, PickleNode::Kind::ordered_dict);
  ASSERT_NE(dict, nullptr);
  EXPECT_EQ(dict->items.size(), 2u);
}

TEST(PickleMachine, AnOrderedDictOfPairsAsPython2WroteIt) {
  const std::string pairs =
      "](](K\x01K\x02"
      "e](K\x03K\x04"
      "ee";
  const PickleDocument document =
      load(whole_pickle(pickled_global("collections", "OrderedDict") + pairs + "\x85R"));
  EXPECT_EQ(node_of(document.root, PickleNode::Kind::ordered_dict)->items.size(), 4u);
}

TEST(PickleMachine, SaysHowFarThePickleReached) {
  EXPECT_EQ(load(whole_pickle("N") + "more").length, 4u);
}

TEST(PickleMachine, AContainerThatHoldsItselfIsFreed) {
  const PickleDocument document = load(whole_pickle("]q\0h\0a"s));
  const PickleNode* list = node_of(document.root);
  EXPECT_EQ(node_of(list->items[0]), list);
}

TEST(PickleMachine, NestingOfAnyDepthIsReadAndFreed) {
  const PickleDocument document = load(whole_pickle("N" + std::string(300'000, '\x85')));
  EXPECT_EQ(document.nodes.size(), 300'000u);
}

TEST(PickleMachine, DoublingThroughTheMemoTakesNoMemory) {
  std::string body = ")q\0"s;
  for (int i = 0; i < 1000; ++i) body += "h\0h\0\x86q\0"s;
  EXPECT_EQ(load(whole_pickle(body)).nodes.size(), 1001u);
}

TEST(PickleMachine, AForbiddenGlobalIsRefusedByName) {
  EXPECT_THAT(
      loading(pickled_global("os", "system") + pickled("true") + "\x85R"),
      fails_with(ErrorCode::unsafe, "the pickle names the global `os.system`, which is not"));
}

TEST(PickleMachine, AForbiddenGlobalFromTheStackIsRefusedByName) {
  EXPECT_THAT(loading(pickled("builtins") + pickled("eval") + "\x93"),
              fails_with(ErrorCode::unsafe, "`builtins.eval`"));
}

TEST(PickleMachine, ErrorsNameOpcodeFileAndOffset) {
  try {
    (void)load(whole_pickle("NN" + pickled_global("os", "system")));
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.file(), "data.pkl");
    EXPECT_EQ(error.offset(), 4u);
    EXPECT_THAT(error.what(), HasSubstr("GLOBAL (0x63)"));
  }
}

TEST(PickleMachine, EveryPrefixOfAPickleIsRefused) {
  const std::string whole = whole_pickle(pickled_dict({{"a", PickledTensor().text()}}));
  const auto allow_all = [](std::string_view, std::string_view) -> std::optional<GlobalRefusal> {
    return std::nullopt;
  };
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_THAT(
        [&] { (void)load_pickle(io::ByteView::of(whole.substr(0, length), "f"), allow_all); },
        fails_with(ErrorCode::corrupt, ""))
        << length;
  }
}

TEST(PickleMachine, TypesByCodeOrInstanceAreRefused) {
  EXPECT_THAT(loading("\x82\x01"), fails_with(ErrorCode::unsafe, "EXT1"));
  EXPECT_THAT(loading("(ios\nsystem\n"), fails_with(ErrorCode::unsafe, "INST"));
  EXPECT_THAT(loading("(o"), fails_with(ErrorCode::unsafe, "OBJ"));
  EXPECT_THAT(loading("\x92"), fails_with(ErrorCode::unsafe, "NEWOBJ_EX"));
}

TEST(PickleMachine, OpcodesThatAStateDictDoesNotNeedAreRefused) {
  EXPECT_THAT(loading("\x8f"), fails_with(ErrorCode::unsupported, "EMPTY_SET (0x8f)"));
  EXPECT_THAT(loading("I1\n"), fails_with(ErrorCode::unsupported, "INT (0x49)"));
  EXPECT_THAT(loading("\xff"), fails_with(ErrorCode::unsupported, "0xff"));
}

TEST(PickleMachine, AnotherProtocolIsRefused) {
  EXPECT_THAT(loading("\x80\x06N"), fails_with(ErrorCode::unsupported, "protocol 6"));
}

TEST(PickleMachine, AFrameBeyondTheEndIsRefused) {
  EXPECT_THAT(loading("\x95\xff\0\0\0\0\0\0\0N"s),
              fails_with(ErrorCode::corrupt, "a frame of 255 bytes, but 2 remain"));
}

TEST(PickleMachine, TextBeyondTheEndIsRefused) {
  EXPECT_THAT(loading("X\xff\xff\xff\xff"
                      "a"),
              fails_with(ErrorCode::corrupt, "text of a pickle"));
  EXPECT_THAT(loading("T\xff\xff\xff\xff"
                      "a"),
              fails_with(ErrorCode::corrupt, "length -1"));
}

TEST(PickleMachine, AnAbsurdIntIsRefused) {
  EXPECT_THAT(loading("\x8b\xff\xff\xff\x7f"), fails_with(ErrorCode::corrupt, "2147483647 bytes"));
}

TEST(PickleMachine, TooFewValuesAreRefused) {
  EXPECT_THAT(loading(""), fails_with(ErrorCode::corrupt, "needs 1 values, but the stack has 0"));
  EXPECT_THAT(loading("2"), fails_with(ErrorCode::corrupt, "the stack is empty"));
  EXPECT_THAT(loading("N\x86"),
              fails_with(ErrorCode::corrupt, "needs 2 values, but the stack has 1"));
  EXPECT_THAT(loading("0"), fails_with(ErrorCode::corrupt, "POP on an empty stack"));
}

TEST(PickleMachine, ValuesBelowAMarkAreOutOfReach) {
  EXPECT_THAT(loading("N(\x85"), fails_with(ErrorCode::corrupt, "but the stack has 0"));
}

TEST(PickleMachine, AMissingMarkIsRefused) {
  EXPECT_THAT(loading("Nt"), fails_with(ErrorCode::corrupt, "needs a MARK"));
}

TEST(PickleMachine, AnEmptyMemoSlotIsRefused) {
  EXPECT_THAT(loading("h\x07"), fails_with(ErrorCode::corrupt, "memo at 7"));
}

TEST(PickleMachine, AppendingToWhatIsNoListIsRefused) {
  EXPECT_THAT(loading("}Na"), fails_with(ErrorCode::corrupt, "cannot append to a dict"));
  EXPECT_THAT(loading("NNa"), fails_with(ErrorCode::corrupt, "cannot append to None"));
}

TEST(PickleMachine, SettingItemsOfWhatIsNoDictIsRefused) {
  EXPECT_THAT(loading("]NNs"), fails_with(ErrorCode::corrupt, "cannot set items of a list"));
  EXPECT_THAT(loading("}(Nu"), fails_with(ErrorCode::corrupt, "a key without a value"));
}

TEST(PickleMachine, CallingWhatIsNoGlobalIsRefused) {
  EXPECT_THAT(loading("N)R"), fails_with(ErrorCode::corrupt, "must be a global, not None"));
  EXPECT_THAT(loading(pickled_global("good", "f") + "NR"),
              fails_with(ErrorCode::corrupt, "must be a tuple, not None"));
}

TEST(PickleMachine, AnObjectOfAnotherTypeIsRefused) {
  EXPECT_THAT(loading(pickled_global("good", "T") + ")\x81"),
              fails_with(ErrorCode::unsupported, "an object of the global good.T"));
}

TEST(PickleMachine, StateOfWhatIsNoOrderedDictIsRefused) {
  EXPECT_THAT(loading("}}b"), fails_with(ErrorCode::unsupported, "the state of a dict"));
}

TEST(PickleMachine, AnOrderedDictOfSomethingElseIsRefused) {
  const std::string type = pickled_global("collections", "OrderedDict");
  EXPECT_THAT(loading(type + "K\x01\x85R"), fails_with(ErrorCode::corrupt, "a list of pairs"));
  EXPECT_THAT(loading(type + "]Na\x85R"), fails_with(ErrorCode::corrupt, "not of None"));
}

TEST(PickleMachine, AGlobalWithoutEndIsRefused) {
  EXPECT_THAT(loading("c" + std::string(5000, 'a') + "\nb\n"),
              fails_with(ErrorCode::corrupt, "does not end within 1024 bytes"));
}

TEST(PickleMachine, AStackGlobalOfNumbersIsRefused) {
  EXPECT_THAT(loading("K\x01K\x02\x93"),
              fails_with(ErrorCode::corrupt, "two strings, not by an int"));
}

TEST(PickleMachine, MoreValuesThanTheLimitAreRefused) {
  EXPECT_THAT(loading(std::string(101, 'N'), {.values = 100}),
              fails_with(ErrorCode::unsupported, "more than 100 values"));
  EXPECT_THAT(loading(std::string(101, '('), {.values = 100}),
              fails_with(ErrorCode::unsupported, "more than 100 values"));
  EXPECT_THAT(loading("N" + std::string(101, '\x94'), {.values = 100}),
              fails_with(ErrorCode::unsupported, "more than 100 values"));
}

TEST(PickleMachine, CopiesIntoOrderedDictsCountAsValues) {
  std::string body = "](";
  for (int i = 0; i < 20; ++i) body += "NN\x86";
  body += "eq\0"s + pickled_global("collections", "OrderedDict") + "q\x01";
  for (int i = 0; i < 20; ++i) body += "h\x01h\0\x85R"s;
  EXPECT_THAT(loading(body, {.values = 500}), fails_with(ErrorCode::unsupported, "500 values"));
}

}  // namespace
}  // namespace lancekeep::formats
