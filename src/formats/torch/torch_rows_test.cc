// SPDX-License-Identifier: Apache-2.0
// Tests nested checkpoints. tests/formats compares those that Python's pickler writes with torch.
#include "formats/torch/torch_rows.h"

#include "formats/torch/checkpoint_testing.h"
#include "io/testing/error_matcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lancekeep::formats {
namespace {

using io::fails_with;
using namespace std::string_literals;

class TorchRowsTest : public CheckpointTest {
 protected:
  std::string rows(const std::string& object) { return listing(*open(object)); }
  const std::string w_ = tensor_.text();
};

std::string call(const std::string& module, const std::string& name,
                 const std::vector<std::string>& arguments) {
  return pickled_global(module, name) + pickled_tuple(arguments) + "R";
}

TEST_F(TorchRowsTest, AFlatDictHasNoTree) {
  EXPECT_EQ(rows(pickled_dict({{"w", w_}, {"epoch", pickled(3)}, {"l", "](K\x01K\x02"s + "e"}})),
            "w float32\nepoch json 3\nl json [1,2]\n");
  EXPECT_EQ(rows("}"), "");
}

TEST_F(TorchRowsTest, NamesAreJoinedAndTheTreeKeepsTheNesting) {
  EXPECT_EQ(rows(pickled_dict({{"a", pickled_dict({{"b", w_}, {"c", "N"}})}, {"e", "}"}})),
            "a.b float32\na.c json null\ne json {}\n__tree__ tree {\"a\":{\"b\":{\"$row\":\"a.b\"},"
            "\"c\":{\"$row\":\"a.c\"}},\"e\":{\"$row\":\"e\"}}\n");
}

TEST_F(TorchRowsTest, ADictWithoutATensorIsOneRow) {
  EXPECT_EQ(rows(pickled_dict({{"w", w_}, {"words", pickled_dict({{"a", pickled(1)}})}})),
            "w float32\nwords json {\"a\":1}\n");
  EXPECT_EQ(rows(pickled_dict({{"a", pickled(1)}})),
            "value json {\"a\":1}\n__tree__ tree {\"$row\":\"value\"}\n");
}

TEST_F(TorchRowsTest, ARepeatedNameGetsANumber) {
  EXPECT_EQ(rows(pickled_dict({{"a.b", w_}, {"a", pickled_dict({{"b", w_}, {"b#2", w_}})}})),
            "a.b float32\na.b#2 float32\na.b#2#2 float32\n"
            "__tree__ tree {\"a.b\":{\"$row\":\"a.b\"},\"a\":{\"b\":{\"$row\":\"a.b#2\"},"
            "\"b#2\":{\"$row\":\"a.b#2#2\"}}}\n");
}

TEST_F(TorchRowsTest, ARowCanHaveTheTreesName) {
  EXPECT_EQ(rows(pickled_dict({{"__tree__", w_}, {"e", pickled_dict({{"a", w_}})}})),
            "__tree__ float32\ne.a float32\n__tree__#2 tree {\"__tree__\":{\"$row\":\"__tree__\"},"
            "\"e\":{\"a\":{\"$row\":\"e.a\"}}}\n");
}

TEST_F(TorchRowsTest, AnObjectThatIsOneValue) {
  EXPECT_EQ(rows(w_), "tensor float32\n__tree__ tree {\"$row\":\"tensor\"}\n");
  EXPECT_EQ(rows("N"), "value json null\n__tree__ tree {\"$row\":\"value\"}\n");
}

TEST_F(TorchRowsTest, AListThatContainsATensorHasRowsForItsItems) {
  EXPECT_EQ(rows("](" + w_ + "](K\x01K\x02"s + "ee"),
            "0 float32\n1 json [1,2]\n__tree__ tree [{\"$row\":\"0\"},{\"$row\":\"1\"}]\n");
  EXPECT_EQ(rows("](K\x01](K\x02"s + "ee"),
            "value json [1,[2]]\n__tree__ tree {\"$row\":\"value\"}\n");
}

TEST_F(TorchRowsTest, ARepeatedContainerHasItsRowsTwice) {
  const auto source =
      open("}(" + pickled("a") + "}q\x07" + pickled("w") + w_ + "s" + pickled("b") + "h\x07u");
  ASSERT_EQ(source->tensors().size(), 3u);
  EXPECT_EQ(source->tensors()[1].name, "b.w");
  EXPECT_EQ(source->tensors()[1].tied_to, 0u);
}

TEST_F(TorchRowsTest, OtherKeysAreNamedAsPythonPrintsThem) {
  EXPECT_EQ(rows("}(" + pickled("w") + w_ + "K\x07NN\x88\x88NK\x01" + pickled("a'b") +
                 "\x86N)NC\x01\xffNG\x3f\xf8\0\0\0\0\0\0Nu"s),
            "w float32\n7 json null\nNone json true\nTrue json null\n(1, \"a'b\") json null\n() "
            "json null\n"
            "b'\\xff' json null\n1.5 json null\n"
            "__tree__ tree "
            "{\"$dict\":[[\"w\",{\"$row\":\"w\"}],[7,{\"$row\":\"7\"}],[null,{\"$row\":\"None\"}],"
            "[true,{\"$row\":\"True\"}],[{\"$tuple\":[1,\"a'b\"]},{\"$row\":\"(1, \\\"a'b\\\")\"}],"
            "[{\"$tuple\":[]},{\"$row\":\"()\"}],[{\"$bytes\":\"/w==\"},{\"$row\":\"b'\\\\xff'\"}],"
            "[1.5,{\"$row\":\"1.5\"}]]}\n");
}

TEST_F(TorchRowsTest, AKeyWithADollarIsNotAPlainObject) {
  EXPECT_EQ(
      rows(pickled_dict({{"$row", pickled_dict({{"w", w_}})}})),
      "$row.w float32\n__tree__ tree {\"$dict\":[[\"$row\",{\"w\":{\"$row\":\"$row.w\"}}]]}\n");
}

TEST_F(TorchRowsTest, AContainerThatContainsItselfIsRejected) {
  EXPECT_THAT(opening("]q\0h\0a"s), fails_with(ErrorCode::unsupported, "a list contains itself"));
  EXPECT_THAT(opening("}q\0K\0h\0s"s),
              fails_with(ErrorCode::unsupported, "a dict contains itself"));
  EXPECT_THAT(opening("]q\0h\0\x85"s + "0h\0h\0\x85"s + "a"),
              fails_with(ErrorCode::unsupported, "contains itself"));
}

TEST_F(TorchRowsTest, DeepNestingIsRejected) {
  EXPECT_THAT(opening("N" + std::string(129, '\x85')),
              fails_with(ErrorCode::unsupported, "nested more than 128 levels deep"));
  EXPECT_THAT(opening("N" + std::string(300'000, '\x85')),
              fails_with(ErrorCode::unsupported, "nested more than 128 levels deep"));
  EXPECT_NO_THROW(opening("N" + std::string(128, '\x85'))());
}

TEST_F(TorchRowsTest, ADeepContainerInsideADeepOneIsRejected) {
  const std::string shared = "N" + std::string(100, '\x85') + "q\0"s;
  EXPECT_THAT(opening("(" + shared + "h\0"s + std::string(50, '\x85') + "t"),
              fails_with(ErrorCode::unsupported, "nested more than 128 levels deep"));
}

TEST_F(TorchRowsTest, SharedContainersThatExpandTooMuchAreRejected) {
  const auto doubled = [](const std::string& first, const std::string& pair) {
    std::string body = first + "q\0"s;
    for (int i = 0; i < 60; ++i) body += pair + "q\0"s;
    return body;
  };
  const auto rejected = fails_with(ErrorCode::unsupported, "expand to more than 100");
  EXPECT_THAT(opening(doubled("K\1", "h\0h\0\x86"s)), rejected);
  EXPECT_THAT(opening(doubled("}", "}(K\0h\0K\1h\0u"s)), rejected);
  EXPECT_THAT(opening(doubled(w_, "h\0h\0\x86"s)), rejected);
}

TEST_F(TorchRowsTest, AListThatManyEntriesShareIsWrittenForEach) {
  const std::string list = "](" + std::string(1000, 'N') + "eq\0"s;
  std::string object = "}(" + pickled("w") + w_ + pickled("first") + list;
  for (int i = 0; i < 80; ++i) object += pickled("k" + std::to_string(i)) + "h\0"s;
  EXPECT_EQ(open(object + "u")->tensors().size(), 82u);
}

TEST_F(TorchRowsTest, AStorageAloneIsRejected) {
  const std::string id =
      pickled_tuple({pickled("storage"), tensor_.type, pickled("0"), pickled("cpu"), pickled(6)});
  EXPECT_THAT(opening(pickled_dict({{"a", pickled_dict({{"b", id + "Q"}, {"w", w_}})}})),
              fails_with(ErrorCode::unsupported, "the entry `a.b` is a storage; save a tensor"));
}

TEST_F(TorchRowsTest, AFunctionOrAClassIsRejected) {
  EXPECT_THAT(opening(pickled_dict({{"w", w_}, {"a", pickled_global("torch", "Size")}})),
              fails_with(ErrorCode::unsupported, "the entry `a` is the global torch.Size"));
  EXPECT_THAT(opening(pickled_dict({{"w", w_}, {"a", call("builtins", "list", {})}})),
              fails_with(ErrorCode::unsupported, "the entry `a` is a call of builtins.list"));
}

TEST_F(TorchRowsTest, CallsOfWrongArgumentsAreRejected) {
  for (const std::string& value :
       {call("torch", "Size", {}), call("torch", "Size", {pickled_tuple({"N"s})}),
        call("torch", "device", {"N"}), call("torch", "device", {pickled("cuda"), "N"}),
        call("torch.serialization", "_get_layout", {pickled("strided")}),
        call("builtins", "complex", {pickled(1), pickled(2)}),
        call("builtins", "bytearray", {pickled(1'000'000'000)}),
        call("builtins", "bytes", {pickled(1'000'000'000)}),
        call("_codecs", "encode", {pickled("x"), pickled("zip")}),
        call("_codecs", "encode", {"N", pickled("latin1")})}) {
    EXPECT_THAT(opening(pickled_dict({{"a", value}})),
                fails_with(ErrorCode::corrupt, "with wrong arguments"));
  }
}

TEST_F(TorchRowsTest, BytesThatAreNotLatin1AreRejected) {
  for (const std::string& text : {"\xc4\x80"s, "\xc3"s, "\xff"s, "\xc3x"s}) {
    EXPECT_THAT(opening(pickled_dict(
                    {{"a", call("_codecs", "encode", {pickled(text), pickled("latin1")})}})),
                fails_with(ErrorCode::corrupt, "is not Latin-1"));
  }
}

TEST_F(TorchRowsTest, AKeyThatIsNotUtf8IsRejected) {
  EXPECT_THAT(opening(pickled_dict({{"w\xff", w_}})),
              fails_with(ErrorCode::unsupported, "a key of 2 bytes that is not UTF-8"));
}

TEST_F(TorchRowsTest, ATextThatIsNotUtf8IsRejected) {
  EXPECT_THAT(opening(pickled_dict({{"w", w_}, {"a", pickled("\xff")}})),
              fails_with(ErrorCode::corrupt, "the entry `a` holds a str of 1 bytes"));
}

TEST_F(TorchRowsTest, PythonsPlainValuesAreText) {
  const auto one = [&](const std::string& value) {
    const std::string text = rows(value);
    return text.substr(0, text.find('\n'));
  };
  EXPECT_EQ(one(call("pathlib", "PosixPath", {pickled("/"), pickled("a"), pickled("b")})),
            "value json {\"$path\":[\"PosixPath\",\"/a/b\"]}");
  EXPECT_EQ(one(call("pathlib", "PosixPath", {})), "value json {\"$path\":[\"PosixPath\",\".\"]}");
  EXPECT_EQ(one(pickled_global("datetime", "date") + "C\x04\x07\xe8\x05\x01\x85R"),
            "value json {\"$date\":\"2024-05-01\"}");
  EXPECT_EQ(one(pickled_global("datetime", "datetime") +
                "C\x0a\x07\xe8\x85\x01\x0c\x1e\x00\x00\x00\x01\x85R"s),
            "value json {\"$datetime\":[\"2024-05-01T12:30:00.000001\",null,1]}");
  const std::string delta =
      call("datetime", "timedelta", {pickled(-1), pickled(79'200), pickled(0)});
  EXPECT_EQ(one(pickled_global("datetime", "time") + "C\x06\x0c\x1e\x00\x00\x00\x00"s +
                call("datetime", "timezone", {delta}) + "\x86R"),
            "value json {\"$time\":\"12:30:00-02:00\"}");
  EXPECT_EQ(one(delta), "value json {\"$timedelta\":[-1,79200,0]}");
  EXPECT_EQ(one(call("__builtin__", "xrange", {pickled(1), pickled(9), pickled(2)})),
            "value json {\"$range\":[1,9,2]}");
  EXPECT_EQ(one(call("builtins", "slice", {"N", pickled(3), "N"})),
            "value json {\"$slice\":[null,3,null]}");
  EXPECT_EQ(one(call("decimal", "Decimal", {pickled("1.10")})),
            "value json {\"$decimal\":\"1.10\"}");
  EXPECT_EQ(one(call("fractions", "Fraction", {pickled("-1/3")})),
            "value json {\"$fraction\":[-1,3]}");
  EXPECT_EQ(
      one(pickled_global("uuid", "UUID") + ")\x81" + pickled_dict({{"int", pickled(10)}}) + "b"),
      "value json {\"$uuid\":\"00000000-0000-0000-0000-00000000000a\"}");
  EXPECT_EQ(one("(K\x02K\x01\x91"), "value json {\"$frozenset\":[1,2]}");
  EXPECT_EQ(one(pickled_global("collections", "deque") + ")K\x05\x86RK\x01" + "a"),
            "value json {\"$deque\":[[1],5]}");
  EXPECT_EQ(one(pickled_global("collections", "defaultdict") + pickled_global("builtins", "list") +
                "\x85R" + pickled("a") + "]s"),
            "value json {\"$defaultdict\":[\"list\",[[\"a\",[]]]]}");
  EXPECT_EQ(one(pickled_global("builtins", "Ellipsis")), "value json {\"$constant\":\"Ellipsis\"}");
}

TEST_F(TorchRowsTest, PlainValuesOfWrongArgumentsAreRejected) {
  for (const std::string& value :
       {call("pathlib", "PosixPath", {pickled(1)}), call("datetime", "date", {pickled("x")}),
        pickled_global("datetime", "datetime") + "C\x04\x07\xe8\x05\x01\x85R",
        call("builtins", "range", {pickled(1)}), call("builtins", "slice", {"N", "]", "N"}),
        call("decimal", "Decimal", {"N"}), call("fractions", "Fraction", {pickled("a/b")}),
        call("uuid", "UUID", {}), call("datetime", "timedelta", {"N", "N", "N"})}) {
    EXPECT_THAT(opening(value), fails_with(ErrorCode::corrupt, "with wrong arguments")) << value;
  }
}

TEST_F(TorchRowsTest, OtherKeysHaveNames) {
  const auto name_of = [&](const std::string& key) {
    return open("}" + key + w_ + "s")->tensors()[0].name;
  };
  EXPECT_EQ(name_of(call("_codecs", "encode", {pickled("a'"), pickled("latin1")})), "b\"a'\"");
  EXPECT_EQ(name_of(call("pathlib", "PosixPath", {pickled("a"), pickled("b")})), "a/b");
  EXPECT_EQ(name_of("(K\x01\x91"), "{\"$frozenset\":[1]}");
}

TEST_F(TorchRowsTest, TheVersionsOfModulesAreMetadata) {
  const std::string ordered = pickled_global("collections", "OrderedDict") + ")R";
  const std::string versions =
      ordered + pickled("") + pickled_dict({{"version", pickled(2)}}) + "s";
  const std::string state =
      ordered + pickled("w") + w_ + "s" + pickled_dict({{"_metadata", versions}}) + "b";
  EXPECT_EQ(open(state)->metadata().at("lancekeep.state_dicts"), R"([[[],[["",{"version":2}]]]])");
  EXPECT_EQ(open(pickled_dict({{"model", state}}))->metadata().at("lancekeep.state_dicts"),
            R"([[["model"],[["",{"version":2}]]]])");
  EXPECT_EQ(open("](" + w_ + state + "e")->metadata().at("lancekeep.state_dicts"),
            R"([[[1],[["",{"version":2}]]]])");
  EXPECT_EQ(open(ordered + pickled("w") + w_ + "s")->metadata().at("lancekeep.state_dicts"),
            "[[[],null]]");
  EXPECT_TRUE(open(pickled_dict({{"w", w_}}))->metadata().empty());
}

TEST_F(TorchRowsTest, OddVersionsOfModulesAreLeftOutWithANote) {
  const std::string state = pickled_global("collections", "OrderedDict") + ")R" + pickled("w") +
                            w_ + "s" + pickled_dict({{"_metadata", pickled("x")}}) + "b";
  const auto source = open(state);
  EXPECT_TRUE(source->metadata().empty());
  ASSERT_EQ(source->notes().size(), 1u);
  EXPECT_THAT(source->notes()[0], testing::HasSubstr("`_metadata`"));
}

}  // namespace
}  // namespace lancekeep::formats
