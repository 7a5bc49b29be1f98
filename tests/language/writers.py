"""Random protocols, written through the front end the way a user would."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from qstack.language import Angle, Bit, Int, Node, Program, Protocol, Qubit, draw_jointly, entangle, protocol, require

ROLES = ("alice", "bob", "carol")
GATES = ["x", "y", "z", "h", "s", "sdg", "t", "tdg", "sx"]


class Writer:
    """Does random legal things, keeping what each node has and knows."""

    def __init__(self, data: st.DataObject, nodes: list[Node]) -> None:
        self.data, self.nodes = data, nodes
        self.qubits: list[Qubit] = []
        self.values: list[Int] = []
        self.angles: list[Angle] = []

    def pick(self, options: Any) -> Any:
        return options[self.data.draw(st.integers(0, len(options) - 1))]

    def bit(self, node: Node) -> Bit | None:
        """A bit the node knows, sent to it if need be."""
        if not self.values:
            return None
        value = self.pick(self.values)
        if node.name not in value.known_at:
            value = value.send(node)
            self.values.append(value)
        bit = value if isinstance(value, Bit) else value == self.pick(range(value.values))
        return ~bit if self.pick([True, False]) else bit

    def angle(self, node: Node) -> Angle | float:
        bit = self.bit(node)
        if bit is None or self.pick([True, False]):
            return 0.25
        if self.angles and self.pick([True, False]):
            angle = self.pick(self.angles)
            if node.name not in angle.known_at:
                angle = angle.send(node)
                self.angles.append(angle)
            return angle.negate(when=bit)
        made = bit.select([0.5, 1.5]) + bit * 0.125
        self.angles.append(made)
        return made - 1.0

    def step(self) -> None:
        node = self.pick(self.nodes)
        here = [qubit for qubit in self.qubits if qubit.node is node]
        kind = self.pick(
            ["qubit", "pair", "draw", "input", "gate", "turn", "two", "measure", "photon", "other", "require"]
        )
        if kind == "pair":
            self.qubits += entangle(node, self.pick([other for other in self.nodes if other is not node]))
        elif kind == "draw":
            others = draw_jointly((node, "x", self.pick([2, 3])), (self.pick(self.nodes), "y", 2))
            self.values += [node.draw("d", values=self.pick([2, 4])), *others]
        elif kind == "input":
            self.values.append(node.input(f"i{len(self.values)}", values=self.pick([2, 3])))
        elif kind == "require" and (bit := self.bit(node)) is not None:
            require(bit)
        elif not here:
            self.qubits.append(node.qubit(self.pick(["0", "1", "+", "-", "+i", "-i"])))
        elif kind == "turn":
            self.pick(here).ry(self.angle(node), when=self.bit(node))
        elif kind == "two" and len(here) > 1:
            getattr(here[0], self.pick(["cx", "cz", "swap"]))(here[1], when=self.bit(node))
        elif kind == "measure":
            self.values.append(self.gone(here).measure(self.pick("XYZ")))
        elif kind == "other":
            self.pick([here[0].reset, self.gone(here).discard])
        elif kind == "photon" and here[0]._arrived is None:
            self.qubits.remove(here[0])
            qubit, arrived = here[0].transmit(self.pick([other for other in self.nodes if other is not node]))
            self.qubits.append(qubit)
            self.values.append(arrived)
        else:
            getattr(self.pick(here), self.pick(GATES))(when=self.bit(node))

    def gone(self, here: list[Qubit]) -> Qubit:
        self.qubits.remove(here[0])
        return here[0]


def random_protocol(data: st.DataObject) -> Protocol:
    @protocol
    def written(alice: Node, bob: Node, carol: Node) -> dict[str, Any]:
        """Whatever comes."""
        writer = Writer(data, [alice, bob, carol])
        for _ in range(data.draw(st.integers(0, 12))):
            writer.step()
        return {f"v{k}": value for k, value in enumerate(writer.values)}

    return written


@st.composite
def programs(draw: st.DrawFn) -> Program:
    return random_protocol(draw(st.data())).trace()
