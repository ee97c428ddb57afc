"""The order of a `java.util.HashMap` in which many keys share a bucket.

From nine keys in one bucket on, in a table of 64 or more, Java keeps the bucket as a red-black tree whose
nodes also form a list; iteration follows the list. A new node stands in the list right behind its parent in
the tree, and the tree's root is moved to the front, so that the order depends on how the tree was balanced.
Only hostile records get here: the whole table is simulated, with no regard for speed. `javamap` decides
when; it has the common case.

Source: the documented design of `java.util.HashMap` since JDK 8 (implementation notes on tree bins),
checked against a real Java by tests/test_javamap.py.
"""

from __future__ import annotations

from collections.abc import Iterable

from sigmaproof.normalize.javamap import spread_hash

__all__ = ["tree_order"]

_TREEIFY = 8
_UNTREEIFY = 6
_MIN_TREE_TABLE = 64


class _Node:
    """A node of a tree bin. Its place in the list is its index in `_Tree.order`."""

    __slots__ = ("key", "left", "parent", "rank", "red", "right")

    def __init__(self, key: str) -> None:
        self.key = key
        # Hashes are compared as signed numbers, equal ones by their UTF-16 units.
        code = spread_hash(key)
        self.rank = (code - ((code & 0x80000000) << 1), key.encode("utf-16-be", "surrogatepass"))
        self.parent: _Node | None = None
        self.left: _Node | None = None
        self.right: _Node | None = None
        self.red = False


class _Tree:
    """A bucket that became a tree; `order` is the list in which its keys are iterated."""

    def __init__(self, keys: Iterable[str]) -> None:
        self.order = [_Node(key) for key in keys]
        self.root = self.order[0]
        for node in self.order[1:]:
            self._attach(node)
        self._root_to_front()

    def add(self, key: str) -> None:
        """Put a new key into the tree, and into the list behind its parent."""
        node = _Node(key)
        parent = self._attach(node)
        self.order.insert(self.order.index(parent) + 1, node)
        self._root_to_front()

    def _attach(self, node: _Node) -> _Node:
        """Hang a node under its place in the tree and balance; returns the parent it was first given."""
        place: _Node | None = self.root
        parent = self.root
        while place is not None:
            parent = place
            place = parent.left if node.rank <= parent.rank else parent.right
        node.parent, node.left, node.right, node.red = parent, None, None, True
        if node.rank <= parent.rank:
            parent.left = node
        else:
            parent.right = node
        self._balance(node)
        return parent

    def _balance(self, node: _Node) -> None:
        """Restore the red-black rules from a newly attached red node upwards."""
        while node.parent is not None and node.parent.red:
            parent, grand = node.parent, node.parent.parent
            if grand is None:
                break
            uncle = grand.right if parent is grand.left else grand.left
            if uncle is not None and uncle.red:
                parent.red = uncle.red = False
                grand.red = True
                node = grand
            else:
                self._straighten(node, parent, grand)
                break
        self.root.red = False

    def _straighten(self, node: _Node, parent: _Node, grand: _Node) -> None:
        """Rotate a red parent and child until the grandparent hangs below them."""
        parent_is_left = parent is grand.left
        if (node is parent.left) != parent_is_left:
            self._rotate(parent, left=parent_is_left)
            parent = node
        parent.red, grand.red = False, True
        self._rotate(grand, left=not parent_is_left)

    def _rotate(self, node: _Node, *, left: bool) -> None:
        child = node.right if left else node.left
        if child is None:
            return
        inner = child.left if left else child.right
        if left:
            node.right, child.left = inner, node
        else:
            node.left, child.right = inner, node
        if inner is not None:
            inner.parent = node
        self._replace(node, child)
        node.parent = child

    def _replace(self, old: _Node, new: _Node) -> None:
        new.parent = old.parent
        if old.parent is None:
            self.root = new
        elif old.parent.left is old:
            old.parent.left = new
        else:
            old.parent.right = new

    def _root_to_front(self) -> None:
        self.order.remove(self.root)
        self.order.insert(0, self.root)

    def keys(self) -> list[str]:
        """The keys in the order of iteration."""
        return [node.key for node in self.order]


_Bin = list[str] | _Tree


def tree_order(names: tuple[str, ...]) -> tuple[str, ...]:
    """The keys in the order in which a `HashMap` lists them that got them in the given order."""
    table: list[_Bin | None] = [None] * 16
    for index, name in enumerate(names):
        table = _put(table, name)
        if index + 1 > len(table) * 3 // 4:
            table = _doubled(table)
    return tuple(name for content in table if content is not None for name in _keys(content))


def _put(table: list[_Bin | None], name: str) -> list[_Bin | None]:
    """Add a key that the table does not have yet; returns the table, or its successor."""
    slot = spread_hash(name) & (len(table) - 1)
    content = table[slot]
    if isinstance(content, _Tree):
        content.add(name)
    elif content is None:
        table[slot] = [name]
    else:
        content.append(name)
        if len(content) > _TREEIFY:
            if len(table) < _MIN_TREE_TABLE:
                return _doubled(table)
            table[slot] = _Tree(content)
    return table


def _doubled(table: list[_Bin | None]) -> list[_Bin | None]:
    """Twice the table. A tree whose keys part becomes two: trees again, or lists when six or fewer remain."""
    size = len(table)
    grown: list[_Bin | None] = [None] * (2 * size)
    for slot, content in enumerate(table):
        if content is None:
            continue
        keys = _keys(content)
        low = [key for key in keys if not spread_hash(key) & size]
        high = [key for key in keys if spread_hash(key) & size]
        for place, part, other in ((slot, low, high), (slot + size, high, low)):
            if part:
                grown[place] = _part(content, part, whole=not other)
    return grown


def _part(content: _Bin, keys: list[str], *, whole: bool) -> _Bin:
    if not isinstance(content, _Tree) or len(keys) <= _UNTREEIFY:
        return keys
    return content if whole else _Tree(keys)


def _keys(content: _Bin) -> list[str]:
    return content.keys() if isinstance(content, _Tree) else content
