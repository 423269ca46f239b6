use gen_lsp_types as lsp;

use super::{at, markdown};
use crate::state::{Refused, State};

pub(super) fn signature_help(
    state: &mut State,
    params: lsp::SignatureHelpParams,
) -> Result<Option<lsp::SignatureHelp>, Refused> {
    let (analysis, offset) = at(state, &params.text_document_position_params)?;
    let documentation = |text: String| (!text.is_empty()).then(|| markdown(text).into());
    Ok(analysis.signature_help(offset).map(|help| {
        // Parameters by their text: the counting of columns is left out of it.
        let parameter = |parameter: synx_compiler::ide::ParameterHelp| lsp::ParameterInformation {
            label: help.label[parameter.range].to_owned().into(),
            documentation: documentation(parameter.documentation),
        };
        let active = help.active.map(|active| active as u32);
        let signature = lsp::SignatureInformation {
            parameters: Some(help.parameters.clone().into_iter().map(parameter).collect()),
            documentation: documentation(help.documentation.clone()),
            active_parameter: active.map(Into::into),
            label: help.label.clone(),
        };
        lsp::SignatureHelp {
            signatures: vec![signature],
            active_signature: Some(0),
            active_parameter: active.map(Into::into),
        }
    }))
}
