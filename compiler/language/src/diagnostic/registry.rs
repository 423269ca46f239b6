//! Every code once, with its page.

/// A code and the page that explains it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// `E0301`.
    pub code: &'static str,
    /// What `synx explain` prints: Markdown with what, why and what to do, an example that triggers it and its cure.
    pub page: &'static str,
}

impl Code {
    /// The page's headline, without the code.
    pub fn title(&self) -> &'static str {
        let line = self.page.lines().next().unwrap_or_default();
        line.split_once(": ").map_or(line, |(_, title)| title)
    }
}

/// Declares the codes, each with its page in `spec/diagnostics`.
macro_rules! codes {
    ($($code:literal)*) => {
        const CODES: &[Code] = &[$(Code {
            code: $code,
            page: include_str!(concat!("../../../../spec/diagnostics/", $code, ".md")),
        }),*];
    };
}

codes! {
    "E0001" "E0002" "E0003" "E0004" "E0005" "E0006" "E0007" "E0008" "E0009" "E0010" "E0011" "E0012"
    "E0101" "E0102" "E0103" "E0104" "E0105" "E0106" "E0107" "E0108" "E0110" "E0112" "E0113" "E0114" "E0115"
    "E0116" "E0117" "E0118" "E0119" "E0120" "E0121"
    "E0201" "E0202" "E0203" "E0204" "E0205"
    "E0301" "E0302" "E0303" "E0304" "E0305" "E0306" "E0307" "E0308" "E0309" "E0310" "E0311" "E0313" "E0315"
    "E0320" "E0321" "E0322" "E0323" "E0324" "E0325" "E0326" "E0327" "E0328" "E0329"
    "E0401" "E0402" "E0403" "E0405" "E0406" "E0407" "E0408" "E0409" "E0410" "E0411" "E0412" "E0413" "E0414" "E0415"
    "E0501" "E0502" "E0503" "E0504" "E0505"
    "E0601" "E0602" "E0603" "E0604" "E0605" "E0606" "E0608" "E0610" "E0611" "E0612" "E0613" "E0614" "E0615" "E0616"
    "E0618" "E0630" "E0631" "E0632" "E0633" "E0634" "E0635" "E0650" "E0651" "E0652" "E0653" "E0654" "E0655" "E0657"
    "E0901" "E0910" "E0911" "E0912" "E0913" "E0914" "E0915" "E0916" "E0917" "E0918" "E0919" "E0920" "E0921" "E0922"
    "E0923" "E0924" "E0925" "E0926" "E0927" "E0928" "E0929" "E0930" "E0932" "E0933" "E0934" "E0935" "E0940"
    "E0941" "E0942" "E0943" "E0944" "E0945" "E0946" "E0947" "E0948" "E0950" "E0951" "E0952" "E0953" "E0954" "E0955"
    "E0956" "E0957" "E0958" "E0959" "E0960" "E0961" "E0962" "E0963" "E0964" "E0965" "E0970" "E0975" "E0976" "E0977"
    "E0980" "E0981" "E0982" "E0983" "E0984" "E0985" "E0986" "E0987" "E0988" "E0989" "E0990"
    "W0101" "W0102" "W0103" "W0104" "W0105"
    "W0301"
    "W0401" "W0409" "W0410"
    "W0601" "W0602" "W0603" "W0604" "W0605" "W0606" "W0607" "W0608" "W0610" "W0611" "W0612"
}

/// All codes in order.
pub fn codes() -> &'static [Code] {
    CODES
}

/// The code of that name.
pub fn code(name: &str) -> Option<&'static Code> {
    CODES.iter().find(|code| code.code == name)
}
