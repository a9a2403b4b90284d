"""Prints where each CPython of this machine keeps the fields that the frame walk reads, from two sources.

One JSON object a line: interpreter, hex, free_threaded, and `source`: "headers" (a C program with offsetof, compiled
against the headers of that interpreter) or "debug offsets" (_Py_DebugOffsets of the running interpreter, 3.13 and newer)
with `fields`, or "none" with `why`. {"absent": VERSION} for versions that there are not. Fields are named as in
preload/python/offsets.h; those that a version does not have are left out.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))

# Runs in the interpreter itself, from its standard input: it may live in a chroot.
ASK = """
import json, os, struct, sys, sysconfig
answer = dict(hex=sys.hexversion, free_threaded=bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
              include=sysconfig.get_paths()["include"], debug_offsets=None)
if sys.version_info >= (3, 13):
    try:
        import ctypes
        address = ctypes.addressof(ctypes.c_char.in_dll(ctypes.pythonapi, "_PyRuntime"))
        words = struct.unpack("<100Q", ctypes.string_at(address, 800))
        answer["debug_offsets"] = words[1:] if words[0].to_bytes(8, "little") == b"xdebugpy" else None
    except (ImportError, ValueError):
        pass
print(json.dumps(answer))
"""

PROGRAM = """
#include "Python.h"
#include "frameobject.h"
#include <stddef.h>
#include <stdio.h>
#include <string.h>
%(includes)s
int main(void) {
    PyASCIIObject text;
    unsigned state, all;
    memset(&text, 0, sizeof text);
    text.state.kind = 7;
    memcpy(&state, &text.state, sizeof state);
    text.state.compact = 1;
    text.state.ascii = 1;
    memcpy(&all, &text.state, sizeof all);
    printf("str_kind_shift %%d\\n", __builtin_ctz(state));
    printf("str_flags %%u\\n", all >> __builtin_ctz(state));
    printf("str_ascii %%zu\\n", sizeof(PyASCIIObject));
    printf("str_compact %%zu\\n", sizeof(PyCompactUnicodeObject));
%(lines)s
    return 0;
}
"""

# Words of _Py_DebugOffsets behind the cookie, by minor version: where each of its structures begins, and the fields.
DEBUG_STRUCTURES = {
    13: dict(interpreter=5, thread=18, frame=27, code=33, object=43, bytes=63, text=66),
    14: dict(interpreter=5, thread=21, frame=30, code=38, object=49, bytes=73, text=76),
    15: dict(interpreter=5, thread=21, frame=38, code=46, object=57, bytes=85, text=88),
}
DEBUG_FIELDS = {
    "tstate_frame": ("thread", 4), "tstate_thread_id": ("thread", {13: 5, 14: 5, 15: 8}),
    "frame_previous": ("frame", 1), "frame_code": ("frame", 2), "frame_position": ("frame", 3),
    "frame_owner": ("frame", 5), "code_filename": ("code", 1), "code_name": ("code", 3),
    "code_line_table": ("code", 4), "code_first_line": ("code", 5), "code_instructions": ("code", 9),
    "object_type": ("object", 1), "bytes_data": ("bytes", 2), "str_state": ("text", 1), "str_length": ("text", 2),
    "str_ascii": ("text", 3), "interpreter_lock": ("interpreter", {13: 8, 14: 9, 15: 9}),
    "collector": ("interpreter", {13: 4, 14: 5, 15: 5}),
}
DEBUG_FIELDS_OF_THREADED_CODE = {"frame_tlbc_index": ("frame", 7), "code_tlbc": ("code", 10)}


def expressions(minor, free_threaded):
    """Field -> (structure, member) of a version's headers."""
    frame = "_PyInterpreterFrame" if minor >= 11 else "PyFrameObject"
    fields = {
        "tstate_thread_id": ("PyThreadState", "thread_id"),
        "tstate_frame": ("PyThreadState", "frame" if minor <= 10 else "cframe" if minor <= 12 else "current_frame"),
        "frame_previous": (frame, "previous" if minor >= 11 else "f_back"),
        "frame_code": (frame, "f_executable" if minor >= 13 else "f_code"),
        "frame_position": (frame, "f_lasti" if minor <= 10 else "prev_instr" if minor <= 12 else "instr_ptr"),
        "code_filename": ("PyCodeObject", "co_filename"),
        "code_name": ("PyCodeObject", "co_qualname" if minor >= 11 else "co_name"),
        "code_first_line": ("PyCodeObject", "co_firstlineno"),
        "code_line_table": ("PyCodeObject", "co_linetable" if minor >= 10 else "co_lnotab"),
        "object_type": ("PyObject", "ob_type"),
        "str_length": ("PyASCIIObject", "length"),
        "str_state": ("PyASCIIObject", "state"),
        "bytes_data": ("PyBytesObject", "ob_sval"),
        "type_name": ("PyTypeObject", "tp_name"),
        "type_basic_size": ("PyTypeObject", "tp_basicsize"),
        "type_item_size": ("PyTypeObject", "tp_itemsize"),
        "type_flags": ("PyTypeObject", "tp_flags"),
        "type_weaklist_offset": ("PyTypeObject", "tp_weaklistoffset"),
        "type_base": ("PyTypeObject", "tp_base"),
        "type_dict": ("PyTypeObject", "tp_dict"),
        "type_dict_offset": ("PyTypeObject", "tp_dictoffset"),
        "type_qualname": ("PyHeapTypeObject", "ht_qualname"),
        "type_cached_keys": ("PyHeapTypeObject", "ht_cached_keys"),
        "dict_keys": ("PyDictObject", "ma_keys"),
    }
    fields["collector"] = ("PyInterpreterState" if minor >= 9 else "_PyRuntimeState", "gc")
    members = dict(enabled="enabled", frozen="permanent_generation", statistics="generation_stats",
                   collecting="collecting", callbacks="callbacks",
                   thresholds="young.threshold" if minor >= 14 and free_threaded else "generations[0].threshold")
    if minor >= 14 and free_threaded:
        members["freeze_active"] = "freeze_active"
    fields.update({"collector_" + name: ("struct _gc_runtime_state", member) for name, member in members.items()})
    if minor >= 11:
        fields["frame_owner"] = (frame, "owner")
        fields["code_instructions"] = ("PyCodeObject", "co_code_adaptive")
    if minor in (11, 12):
        fields["cframe_frame"] = ("_PyCFrame", "current_frame")
    if minor >= 12:
        fields["interpreter_lock"] = ("PyInterpreterState", "ceval.gil")
    if minor >= 14 and free_threaded:
        fields["frame_tlbc_index"] = (frame, "tlbc_index")
        fields["code_tlbc"] = ("PyCodeObject", "co_tlbc")
    return fields


def program(minor, free_threaded):
    lines = ['    printf("%s %%zu\\n", offsetof(%s, %s));' % (field, *place)
             for field, place in expressions(minor, free_threaded).items()]
    if minor >= 12:
        name = "FRAME_OWNED_BY_INTERPRETER" if minor >= 14 else "FRAME_OWNED_BY_CSTACK"
        lines.append('    printf("owner_hidden_from %%d\\n", %s);' % name)
    headers = ["internal/pycore_frame.h"] if minor >= 11 else []
    headers += ["internal/pycore_interp.h" if minor >= 9 else "internal/pycore_pystate.h"]
    headers += ["internal/pycore_interpframe_structs.h", "internal/pycore_interpframe.h"] if minor >= 14 else []
    return PROGRAM % dict(includes="\n".join('#include "%s"' % h for h in headers), lines="\n".join(lines))


def from_headers(answer):
    include, minor = answer["include"], answer["hex"] >> 16 & 0xFF
    if not os.path.exists(os.path.join(include, "Python.h")):
        return None, "its headers are not installed"
    compiler = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if not compiler:
        return None, "there is no C compiler"
    with tempfile.TemporaryDirectory() as folder:
        source, binary = os.path.join(folder, "layout.c"), os.path.join(folder, "layout")
        with open(source, "w", encoding="ascii") as file:
            file.write(program(minor, answer["free_threaded"]))
        command = [compiler, "-w", "-DPy_BUILD_CORE", "-I" + include, "-I" + os.path.join(include, "internal"), source,
                   "-o", binary]
        if answer["free_threaded"]:
            command.insert(1, "-DPy_GIL_DISABLED=1")
        subprocess.run(command, check=True)
        printed = subprocess.run([binary], check=True, stdout=subprocess.PIPE, universal_newlines=True).stdout
    return {name: int(value) for name, value in (line.split() for line in printed.splitlines())}, None


def from_debug_offsets(answer):
    words, minor = answer["debug_offsets"], answer["hex"] >> 16 & 0xFF
    fields = dict(DEBUG_FIELDS)
    if minor >= 14 and answer["free_threaded"]:
        fields.update(DEBUG_FIELDS_OF_THREADED_CODE)
    found = {}
    for field, (structure, index) in fields.items():
        index = index[minor] if isinstance(index, dict) else index
        found[field] = words[DEBUG_STRUCTURES[minor][structure] + index]
    return found


def main():
    sys.path.insert(0, os.path.join(HERE, "../../integration"))
    import chroot
    import interpreters
    for one in interpreters.all_found():
        enter = (lambda: chroot.enter(one.root, ())) if one.root != "/" else None
        answer = json.loads(subprocess.run([one.path, "-I", "-"], input=ASK, stdout=subprocess.PIPE, check=True,
                                           universal_newlines=True, preexec_fn=enter).stdout)
        head = dict(interpreter=one.name, hex=answer["hex"], free_threaded=answer["free_threaded"])
        fields, why = from_headers(answer) if one.root == "/" else (None, "its headers are not installed")
        print(json.dumps(dict(head, source="headers", fields=fields) if fields else
                         dict(head, source="none", why=why)), flush=True)
        minor = answer["hex"] >> 16 & 0xFF
        if answer["debug_offsets"] and minor in DEBUG_STRUCTURES:
            print(json.dumps(dict(head, source="debug offsets", fields=from_debug_offsets(answer))), flush=True)
        elif minor >= 13:
            print(json.dumps(dict(head, source="none", why="its _Py_DebugOffsets cannot be read")), flush=True)
    for version in interpreters.absent():
        print(json.dumps({"absent": version}))


main()
