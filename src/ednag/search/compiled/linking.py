"""Compile a function only as far as its callers need, and load machine code without a compiler.

numba optimises every compiled function together with all its callees and makes machine code of it,
then repeats this for each of its callers. For functions that only compiled functions call, this
module makes the intermediate code and leaves the rest to the function that Python calls. This
halves the time to compile the engine; the machine code is as fast.

Before it loads machine code, numba imports all that it can compile: half a second, in which a
hundred runs are made. Loading needs none of it where references are not counted.

No other module uses the internals of numba. They are those of the version in the lock.
"""

from typing import Any

from numba._dynfunc import make_function
from numba.core.caching import FunctionCache
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import register_pass
from numba.core.typed_passes import NativeLowering


class _IntermediateCode(JITCodeLibrary):
    """Functions to be linked into others."""

    def _optimize_final_module(self) -> None:
        """Do nothing: the library that this one is linked into optimises."""

    def _finalize_final_module(self) -> None:
        """Complete the module without machine code."""
        self._finalize_dynamic_globals()
        self._finalized = True


@register_pass(mutates_CFG=True, analysis_only=False)
class _LoweringForCallers(NativeLowering):
    """Lowering to intermediate code, registered so that compiled functions find it."""

    _name = "lowering_for_callers"

    def run_pass(self, state: Any) -> bool:
        state.library = _IntermediateCode(state.targetctx.codegen(), state.func_id.func_qualname)
        state.flags.no_compile = True
        super().run_pass(state)
        # numba's key to the function, in place of the function that Python would call.
        described, environment = state.cr.fndesc, state.cr.env
        key = make_function(described.lookup_module(), described.qualname, "", 0, environment, ())
        state.targetctx.insert_user_function(key, described, [state.library])
        state.cr = state.cr._replace(cfunc=key)
        return True


class ForCallers(CompilerBase):
    """numba's compiler with that lowering."""

    def define_pipelines(self) -> list:
        pipeline = DefaultPassBuilder.define_nopython_pipeline(self.state)
        pipeline.passes = [
            (_LoweringForCallers if step is NativeLowering else step, description)
            for step, description in pipeline.passes
        ]
        pipeline.finalize()
        return [pipeline]


class KeptCode(FunctionCache):
    """numba's cache, which imports what it can compile only where it must compile."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        with self._guard_against_spurious_io_errors():
            return self._load_overload(sig, target_context)
