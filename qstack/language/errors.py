"""Every way to misuse the language, one error each; messages name the role, the qubit or value, and the source line."""

from __future__ import annotations

from qstack.errors import InputError, RunError


class LanguageError(InputError):
    """Root of all errors in how a protocol is written or asked for."""


class ProtocolError(LanguageError):
    """A function decorated with `@protocol` cannot be a protocol: its signature is at fault."""


class ProtocolNotFoundError(LanguageError):
    """No protocol has that name, or the file that should hold it does not."""


class RoleError(LanguageError):
    """A role that the protocol does not have, or a number of nodes it cannot have."""


class SettingError(LanguageError):
    """A setting the protocol does not have, is missing, or has an impossible value."""


class TraceError(LanguageError):
    """Something was used outside the trace or conversation it belongs to."""


class NoCloningError(LanguageError):
    """A qubit was used after it was measured, discarded or sent away."""


class LocalityError(LanguageError):
    """A node used a qubit or a value that it does not have."""


class TracedBitError(LanguageError, TypeError):
    """Plain Python asked for the value of something that only exists when the protocol runs.

    A `TypeError` too, so that libraries that try out what an object can do get the answer they understand.
    """


class SameQubitError(LanguageError):
    """A two-qubit gate was given the same qubit twice."""


class SelfEntangleError(LanguageError):
    """A node was asked to share a pair with itself."""


class SelfSendError(LanguageError):
    """A node was asked to send something to itself."""


class ConditionError(LanguageError):
    """A condition is not a bit."""


class AngleError(LanguageError):
    """An angle is neither a finite number nor an `Angle`."""


class BasisError(LanguageError):
    """A measurement basis is none of X, Y, Z."""


class StateError(LanguageError):
    """A state to prepare is none of the six Pauli eigenstates."""


class ProbabilityError(LanguageError):
    """A number that should be a probability, a fidelity or a distribution is not one."""


class ValuesError(LanguageError):
    """A number of values, or a value, is out of range, or options do not fit their chooser."""


class ArgumentError(LanguageError):
    """An argument is of the wrong kind: not a node, a qubit, a bit, an integer or an angle as asked."""


class DuplicateNameError(LanguageError):
    """A name was given to two inputs of a node, or to two outputs."""


class OutputError(LanguageError):
    """What a protocol returned cannot be its outputs."""


class RepeatError(LanguageError):
    """A repeated body does something that cannot be taken back once it succeeded."""


class StrategyError(LanguageError):
    """An adversary did something that is not its own to do."""


class ConversationError(RunError):
    """The roles of a conversation do not fit together while it runs."""


class ConversationTimeoutError(ConversationError):
    """A message of a conversation, or a role that should join a run, did not come in time."""
