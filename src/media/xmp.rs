//! XMP: a packet is read, and a new one is written with only what says whose the picture is, under which terms, and
//! how it came to be.
//!
//! Sources: ISO 16684-1 (XMP), IPTC Photo Metadata Standard, the PLUS licence data format.

use std::fmt::Write as _;

use quick_xml::escape::{escape, unescape};
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};
use quick_xml::{NsReader, XmlVersion};

use super::plan::{Plan, words};

/// What is longer is not looked at: it is left out as a whole.
const MAX_PACKET: usize = 1 << 20;
/// Elements inside one another.
const MAX_DEPTH: usize = 32;
const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
const XML: &str = "http://www.w3.org/XML/1998/namespace";
/// Kept: prefix, namespace, and the names in it; no names for all.
const KEPT: [(&str, &str, &[&str]); 5] = [
    ("Iptc4xmpExt", "http://iptc.org/std/Iptc4xmpExt/2008-02-29/", &["DigitalSourceType"]),
    ("dc", "http://purl.org/dc/elements/1.1/", &["creator", "rights"]),
    ("photoshop", "http://ns.adobe.com/photoshop/1.0/", &["Credit"]),
    ("plus", "http://ns.useplus.org/ldf/xmp/1.0/", &[]),
    ("xmpRights", "http://ns.adobe.com/xap/1.0/rights/", &[]),
];

/// Takes a packet down to the credit, and notes what goes and how the picture came to be. `None` where nothing is left.
pub(super) fn filter(packet: &[u8], plan: &mut Plan) -> Option<Vec<u8>> {
    let text = packet.get(..MAX_PACKET.min(packet.len())).and_then(|text| std::str::from_utf8(text).ok());
    let body = text.and_then(rebuild).filter(|body| !body.is_empty());
    plan.source_type = plan.source_type.take().or_else(|| source_type(body.as_deref()?));
    let kept = body.map(|body| wrap(&body).into_bytes());
    if kept.as_deref() != Some(packet) {
        plan.remove(words::XMP);
    }
    kept
}

/// What an open element is.
enum Node {
    /// Around the properties.
    Frame,
    /// `rdf:Description`, which holds properties.
    Description,
    /// Kept, with its name as it is written.
    Kept(String),
}

/// The properties that are kept, as XML. `None` where it is not XML.
fn rebuild(text: &str) -> Option<String> {
    let mut reader = NsReader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let (mut out, mut open, mut run) = (String::new(), Vec::new(), String::new());
    loop {
        let is_kept = matches!(open.last(), Some(Node::Kept(_)));
        let event = reader.read_event().ok()?;
        if matches!(event, Event::Start(_) | Event::End(_)) {
            // Characters come in pieces. Only as a whole they are known to be more than the space between elements.
            let whole = std::mem::take(&mut run);
            if !whole.trim().is_empty() {
                out.push_str(&escape(whole));
            }
        }
        match event {
            Event::Start(start) => {
                if open.len() == MAX_DEPTH {
                    return None;
                }
                match node(&reader, &start, open.last()) {
                    Some(node) => {
                        attributes(&reader, &start, &node, &mut out)?;
                        open.push(node);
                    }
                    None => {
                        reader.read_to_end(start.name()).ok()?;
                    }
                }
            }
            Event::End(_) => {
                if let Node::Kept(name) = open.pop()? {
                    let _ = write!(out, "</{name}>");
                }
            }
            Event::Text(text) if is_kept => run.push_str(&text.into_inner()),
            Event::CData(text) if is_kept => run.push_str(&text.into_inner()),
            Event::GeneralRef(name) if is_kept => {
                run.push_str(&unescape(&format!("&{};", name.into_inner())).ok()?);
            }
            Event::Eof => return open.is_empty().then_some(out),
            _ => {}
        }
    }
}

/// What an element is, by its name and what it is in. `None` for one that is left out with all that is in it.
fn node(reader: &NsReader<&[u8]>, start: &BytesStart<'_>, parent: Option<&Node>) -> Option<Node> {
    let (space, local) = reader.resolver().resolve_element(start.name());
    let (space, local) = (bound(&space)?, local.as_ref());
    match parent {
        None | Some(Node::Frame) => match (space, local) {
            ("adobe:ns:meta/", "xmpmeta" | "xapmeta") | (RDF, "RDF") => Some(Node::Frame),
            (RDF, "Description") => Some(Node::Description),
            _ => None,
        },
        Some(Node::Kept(_))
            if space == RDF && matches!(local, "Alt" | "Bag" | "Seq" | "li" | "Description") =>
        {
            Some(Node::Kept(format!("rdf:{local}")))
        }
        Some(Node::Description | Node::Kept(_)) => kept(space, local).map(Node::Kept),
    }
}

/// Writes an element's beginning, with the attributes that are kept. Those of a description are properties.
fn attributes(reader: &NsReader<&[u8]>, start: &BytesStart<'_>, node: &Node, out: &mut String) -> Option<()> {
    if let Node::Kept(name) = node {
        let _ = write!(out, "<{name}");
    }
    for attribute in start.attributes() {
        let attribute = attribute.ok()?;
        let (space, local) = reader.resolver().resolve_attribute(attribute.key);
        let Some(space) = bound(&space) else { continue };
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).ok()?;
        let name = match (node, space, local.as_ref()) {
            (Node::Frame, ..) => None,
            (Node::Kept(_), XML, "lang") => Some("xml:lang".to_owned()),
            (Node::Kept(_), RDF, local @ ("parseType" | "resource")) => Some(format!("rdf:{local}")),
            (_, space, local) => kept(space, local),
        };
        let Some(name) = name else { continue };
        let value = escape(value);
        let _ = match node {
            Node::Kept(_) => write!(out, " {name}=\"{value}\""),
            _ => write!(out, "<{name}>{value}</{name}>"),
        };
    }
    if let Node::Kept(_) = node {
        out.push('>');
    }
    Some(())
}

/// The namespace that a name is in.
fn bound<'a>(space: &ResolveResult<'a>) -> Option<&'a str> {
    match space {
        ResolveResult::Bound(Namespace(space)) => Some(space),
        _ => None,
    }
}

/// How a name that is kept is written. Names are checked, as the reader takes more than XML allows.
fn kept(space: &str, local: &str) -> Option<String> {
    let (prefix, _, names) = KEPT.iter().find(|(_, known, _)| *known == space)?;
    let is_name = !local.is_empty() && local.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (is_name && (names.is_empty() || names.contains(&local))).then(|| format!("{prefix}:{local}"))
}

/// The packet around properties.
fn wrap(body: &str) -> String {
    let mut out = String::from("<?xpacket begin=\"\u{FEFF}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>");
    out.push_str("<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">");
    let _ = write!(out, "<rdf:RDF xmlns:rdf=\"{RDF}\"><rdf:Description rdf:about=\"\"");
    for (prefix, space, _) in KEPT {
        if body.contains(&format!("{prefix}:")) {
            let _ = write!(out, " xmlns:{prefix}=\"{space}\"");
        }
    }
    let _ = write!(out, ">{body}</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end=\"w\"?>");
    out
}

/// The name of the IPTC digital source type, which stands at the end of its address.
fn source_type(body: &str) -> Option<String> {
    const PROPERTY: &str = "Iptc4xmpExt:DigitalSourceType";
    let (_, rest) = body.split_once(PROPERTY)?;
    let (value, _) = rest.split_once(PROPERTY)?;
    let (_, name) = value.split_once("/digitalsourcetype/")?;
    let name: String = name.chars().take_while(char::is_ascii_alphanumeric).take(64).collect();
    (!name.is_empty()).then_some(name)
}
