/* SPDX-License-Identifier: MIT
 *
 * What C++ adds: virtual tables, guards of local statics, new and delete, exceptions. For
 * scripts/check-abi.sh; compiled, never run.
 */
#include <cstddef>
#include <new>

struct base {
    virtual ~base();
    virtual int get();
    int n = 0;
};

struct derived : base {
    ~derived() override;
    int get() override;
};

base::~base()
{
}

int base::get()
{
    return n;
}

derived::~derived()
{
    n = 1;
}

int derived::get()
{
    return n + 1;
}

base &shared()
{
    static derived d;
    return d;
}

int call(base *b)
{
    try {
        return b->get();
    } catch (int e) {
        return e;
    }
}

struct alignas(64) wide {
    char bytes[64];
};

void *allocate(std::size_t n)
{
    delete new derived;
    delete[] new int[n];
    delete new wide;
    delete[] new wide[n];
    ::operator delete(::operator new(n, std::nothrow), std::nothrow);
    ::operator delete[](::operator new[](n, std::nothrow), std::nothrow);
    ::operator delete(
        ::operator new(n, std::align_val_t(64), std::nothrow), std::align_val_t(64), std::nothrow);
    return new (std::nothrow) char[n];
}
