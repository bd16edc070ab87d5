# SPDX-License-Identifier: Apache-2.0
"""The judge of `make soak` finds each kind of failure, and takes nothing else for one."""

import pytest
from soak_content import Mixture, identity_in, identity_of, message_of, model
from soak_faults import PlantedFault
from soak_journal import Journal, Operation, Reader
from soak_judge import Found, StoreJudge, failures, hangs


def operation(what, begin, end, status="ok", store="kept", code="", result=None, **arguments):
    return Operation("j", "role", store, what, begin, arguments, end, status, result or {}, code)


def saved(version, begin=0, identity=7, store="kept", **arguments):
    result = {"version": version, "identity": identity}
    return operation("save", begin, begin + 1, store=store, result=result, **arguments)


def gc(begin, removed=(), keep_last=1, status="ok"):
    return operation("gc", begin, begin + 1, status=status, result={"removed": list(removed)}, keep_last=keep_last)


def judged(operations, found, store="kept"):
    return [problem.kind for problem in StoreJudge(store).judge(operations, found)]


def there(*versions, tags=None, identity=7):
    return Found(messages=dict.fromkeys(versions, ""), contents=dict.fromkeys(versions, identity), tags=tags or {})


def test_what_is_acknowledged_and_there():
    assert judged([saved(1), saved(2)], there(1, 2)) == []


def test_a_lost_version():
    assert judged([saved(1), saved(2)], there(1)) == ["lost"]


def test_a_version_with_the_values_of_another():
    assert judged([saved(1)], there(1, identity=8)) == ["lost"]


def test_a_version_that_is_lost_in_a_later_round():
    judge = StoreJudge("kept")
    assert judge.judge([saved(1)], there(1)) == []
    assert [problem.kind for problem in judge.judge([], there(2))] == ["lost"]


def test_a_number_that_is_given_twice():
    assert judged([saved(1), saved(1)], there(1)) == ["lost"]


def test_what_gc_removed_is_not_lost():
    assert judged([saved(1), saved(2), gc(5, removed=[1])], there(2)) == []


def test_an_earlier_gc_explains_nothing():
    assert judged([gc(0, removed=[1]), saved(1, begin=5), saved(2)], there(2)) == ["lost"]


@pytest.mark.parametrize("keep_last, kinds", [(1, []), (2, ["lost"])])
def test_a_killed_gc_may_have_removed_what_it_could(keep_last, kinds):
    assert judged([saved(1), saved(2), gc(5, keep_last=keep_last, status="unknown")], there(2)) == kinds


def test_no_gc_removes_a_tagged_version():
    tagged = saved(1, tag="keep-1")
    assert judged([tagged, saved(2), gc(5, status="unknown")], there(2, tags={"keep-1": 1})) == ["lost"]


def test_a_killed_gc_may_have_removed_a_version_whose_tag_was_deleted():
    tagged, untag = saved(1, tag="keep-1"), operation("untag", 3, 4, tag="keep-1")
    assert judged([tagged, untag, saved(2), gc(5, status="unknown")], there(2)) == []


def test_a_lost_tag():
    assert judged([saved(1, tag="keep-1")], there(1)) == ["lost"]
    assert judged([saved(1, tag="keep-1")], there(1, 2, tags={"keep-1": 2})) == ["lost"]
    assert judged([saved(1, tag="keep-1")], there(1, tags={"keep-1": 1})) == []


def test_a_tag_that_moves_points_to_where_it_may():
    moves = [
        operation("tag", begin, begin + 1, status, tag="moving", version=version, force=True)
        for begin, status, version in [(0, "ok", 1), (2, "ok", 2), (4, "unknown", 3)]
    ]
    for version, kinds in [(1, ["lost"]), (2, []), (3, [])]:
        assert judged(moves, there(1, 2, 3, tags={"moving": version})) == kinds


def test_only_a_later_replacement_explains_a_loss():
    replacement = operation("replace", 5, 6, store="replaced", result={"version": 1, "identity": 9})
    new = Found(messages={1: ""}, contents={1: 9})
    assert judged([saved(3, store="replaced"), replacement], new, "replaced") == []
    assert judged([saved(3, begin=8, store="replaced"), replacement], new, "replaced") == ["lost"]


def test_a_lost_replacement():
    replacement = operation("replace", 5, 6, store="replaced", result={"version": 1, "identity": 9})
    assert judged([replacement], Found(contents={1: 7}), "replaced") == ["lost"]


def test_damage():
    found = there(1)
    found.findings = ["a finding of verify"]
    assert judged([saved(1)], found) == ["damaged"]
    assert judged([saved(1)], there(1, identity="cannot be read")) == ["damaged"]


def test_a_save_that_is_there_although_it_was_interrupted():
    found = there(1)
    found.messages[1] = "m"
    for text, count in [("KeyboardInterrupt", 1), ("KeyboardInterrupt: version 1 is there", 0)]:
        interrupted = operation("save", 0, 1, "interrupted", message="m")
        interrupted.text = text
        judge = StoreJudge("kept")
        assert judge.judge([interrupted], found) == [] and judge.silent == count


def test_a_hang():
    slow = operation("tag", 10, 50)
    assert [problem.kind for problem in hangs([slow], [], 30, now=60)] == ["hangs"]
    assert list(hangs([slow], [(0, 15), (12, 22)], 30, now=60)) == []  # 28 s, in which nobody was stopped
    assert list(hangs([operation("tag", 10, 20)], [], 30, now=60)) == []


@pytest.mark.parametrize(
    "what, store, code, kinds",
    [
        ("load", "kept", "not_found", ["failed loads"]),
        ("look", "kept", "Blind", ["failed loads"]),
        ("save", "kept", "conflict", ["unexpected errors"]),
        ("save", "replaced", "conflict", []),
        ("load", "kept", "corrupt", ["damaged"]),
        ("verify", "kept", "damage", ["damaged"]),
        ("tag", "kept", "not_found", []),
    ],
)
def test_errors(what, store, code, kinds):
    failed = operation(what, 0, 1, "error", store, code)
    assert [problem.kind for problem in failures([failed])] == kinds


def test_a_model_knows_its_values():
    assert identity_of(model(5)) == 5 and identity_in(message_of("saver", 5)) == 5
    mixed = model(5) | {"layer.3": model(6)["layer.3"]}
    for state in (mixed, {**model(5), "more": mixed["body"]}, {}):
        with pytest.raises(Mixture):
            identity_of(state)


def test_the_journal_of_a_process_that_died(tmp_path):
    journal = Journal(tmp_path / "a.jsonl", "saver", "kept")
    journal.end(journal.begin("save", message="m"), "ok", version=3)
    journal.begin("gc", keep_last=2)
    journal.counted("SIGINT")
    reader = Reader(tmp_path)
    done, died = reader.read({"a": 1e9})
    assert (done.what, done.status, done.result) == ("save", "ok", {"version": 3})
    assert (died.what, died.status, died.end) == ("gc", "unknown", 1e9)
    assert reader.counts == {"SIGINT": 1} and reader.read() == []


@pytest.mark.parametrize("fault", ["failed loads", "unexpected errors"])
def test_planted_faults(monkeypatch, fault):
    import soak_faults

    monkeypatch.setattr(soak_faults, "FAULT", fault)
    with pytest.raises(PlantedFault):
        for _ in range(1000):
            soak_faults.planted(fault)
    soak_faults.planted("hangs")
