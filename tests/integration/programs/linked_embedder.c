// Linked with libpython, and names variables of it: the linker moves those into this program (copy relocations), and the library
// uses them there. Runs argv[1]. Without Python's headers: an object has its type in the second word.
#include <stdio.h>

extern char PyFloat_Type[], PyType_Type[], PyCode_Type[], _Py_NoneStruct[];
void Py_InitializeEx(int);
int Py_FinalizeEx(void);
int PyRun_SimpleStringFlags(const char *, void *);
void **PyFloat_FromDouble(double);
void Py_DecRef(void *);

static void **volatile g_named[] = {(void **)PyFloat_Type, (void **)PyType_Type, (void **)PyCode_Type, (void **)_Py_NoneStruct};

int main(int count, char **words) {
  if (count != 2) return 2;
  Py_InitializeEx(0);
  void **number = PyFloat_FromDouble(1.5);
  if (number[1] != g_named[0] || number[1] != PyFloat_Type || g_named[0][1] != PyType_Type) return fprintf(stderr, "no copies\n"), 2;
  Py_DecRef(number);
  if (PyRun_SimpleStringFlags(words[1], NULL) != 0) return 1;
  return Py_FinalizeEx();
}
