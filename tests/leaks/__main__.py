"""`python -m tests.leaks` prints where the leak scan looks."""

from tests.leaks.places import page

if __name__ == "__main__":
    print(page())  # noqa: T201
