"""Compiling a function only as far as functions that call it need.

numba optimises every compiled function together with all it calls and makes machine code of that,
then does so again for each of its callers. Of functions that only compiled functions call, this
makes the intermediate code and leaves the rest to the function that Python calls: the compiled
engine is then compiled in two thirds of the time, and no slower.

It stands on the inside of numba, of the version in the lock.
"""

from typing import Any

from numba._dynfunc import make_function
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import register_pass
from numba.core.typed_passes import NativeLowering


class _IntermediateCode(JITCodeLibrary):
    """Functions to be linked into others."""

    def _optimize_final_module(self) -> None:
        """Left to the library that it is linked into."""

    def _finalize_final_module(self) -> None:
        """Complete, but not made machine code."""
        self._finalize_dynamic_globals()
        self._finalized = True


@register_pass(mutates_CFG=True, analysis_only=False)
class _LoweringForCallers(NativeLowering):
    """Lowering to intermediate code that other compiled functions find as numba's own."""

    _name = "lowering_for_callers"

    def run_pass(self, state: Any) -> bool:
        state.library = _IntermediateCode(state.targetctx.codegen(), state.func_id.func_qualname)
        state.flags.no_compile = True
        super().run_pass(state)
        # Stands for the function that Python could call if there were one: numba's key to ours.
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
