//! A device of the home that is asked for something (`UPnP`: SOAP over HTTP). Of what it answers no more is read than an
//! honest one would say.

use std::pin::pin;

use futures::future::{Either, select};
use http_body_util::{BodyExt as _, Limited};
use hyper::{Method, Request, StatusCode, Uri, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use quick_xml::{Reader, escape::unescape, events::Event};
use tokio::net::TcpStream;

/// Bytes of an answer that are read; routers describe themselves in a tenth of this.
const MAX_ANSWER: usize = 256 << 10;

/// What a device can be asked for.
#[derive(Clone, Debug)]
pub(super) struct Service {
    device: Uri,
    kind: String,
    /// Where on the device.
    path: String,
}

impl Service {
    /// The first of these kinds of service that the device has.
    pub async fn of(device: Uri, kinds: &[&str]) -> Option<Self> {
        let said = ask(&device, Request::get(path(&device)?), String::new()).await?;
        let (kind, place) = service(&said, kinds)?;
        // The device itself is asked, whatever it says.
        let path = path(&place.parse().ok()?)?;
        Some(Self { device, kind, path })
    }

    /// Which device.
    pub fn device(&self) -> &Uri {
        &self.device
    }

    /// Has the service do something; what it answers, as XML.
    pub async fn act(&self, action: &str, arguments: &str) -> Option<String> {
        let kind = &self.kind;
        let body = format!(
            "<?xml version=\"1.0\"?>\
             <s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" \
             s:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\"><s:Body>\
             <u:{action} xmlns:u=\"{kind}\">{arguments}</u:{action}></s:Body></s:Envelope>"
        );
        let request = Request::builder()
            .method(Method::POST)
            .uri(&self.path)
            .header(header::CONTENT_TYPE, "text/xml; charset=\"utf-8\"")
            .header("SOAPAction", format!("\"{kind}#{action}\""));
        ask(&self.device, request, body).await
    }
}

/// The text of the first element of this name.
pub(super) fn text(xml: &str, name: &str) -> Option<String> {
    elements(xml)?.into_iter().find(|(element, _)| element == name).map(|(_, text)| text)
}

/// What is asked for at an address; never nothing.
fn path(at: &Uri) -> Option<String> {
    let path = at.path_and_query()?.as_str();
    Some(if path.starts_with('/') { path.to_owned() } else { format!("/{path}") })
}

async fn ask(device: &Uri, request: hyper::http::request::Builder, body: String) -> Option<String> {
    let (host, port) = (device.host()?, device.port_u16().unwrap_or(80));
    let request = request.header(header::HOST, format!("{host}:{port}")).body(body).ok()?;
    let stream = TcpStream::connect((host, port)).await.ok()?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
    let answer = async {
        let answer = sender.send_request(request).await.ok()?;
        let is_good = answer.status() == StatusCode::OK;
        let body = Limited::new(answer.into_body(), MAX_ANSWER).collect().await.ok()?.to_bytes();
        String::from_utf8(body.into()).ok().filter(|_| is_good)
    };
    // The connection goes no further than the answer, which may still be there when it has ended.
    match select(pin!(answer), pin!(connection)).await {
        Either::Left((answer, _)) => answer,
        Either::Right((_, answer)) => answer.await,
    }
}

/// Of the services in the description of a device the first of these kinds: it, and where it is asked.
fn service(xml: &str, kinds: &[&str]) -> Option<(String, String)> {
    let (mut kind, mut place) = (String::new(), String::new());
    let mut found: Vec<(String, String)> = Vec::new();
    for (name, text) in elements(xml)? {
        match name.as_str() {
            "serviceType" => kind = text,
            "controlURL" => place = text,
            "service" => found.push((std::mem::take(&mut kind), std::mem::take(&mut place))),
            _ => {}
        }
    }
    kinds.iter().find_map(|kind| found.iter().find(|(found, _)| found == kind)).cloned()
}

/// Elements with the text at their end, in the order in which they end. None where it is not XML.
fn elements(xml: &str) -> Option<Vec<(String, String)>> {
    let mut reader = Reader::from_str(xml);
    let (mut ended, mut text) = (Vec::new(), String::new());
    loop {
        match reader.read_event().ok()? {
            Event::Start(_) => text.clear(),
            Event::Text(part) => text.push_str(&part.into_inner()),
            Event::CData(part) => text.push_str(&part.into_inner()),
            Event::GeneralRef(name) => {
                text.push_str(&unescape(&format!("&{};", name.into_inner())).ok()?);
            }
            Event::End(end) => {
                let text = std::mem::take(&mut text);
                ended.push((end.local_name().as_ref().to_owned(), text.trim().to_owned()));
            }
            Event::Eof => return Some(ended),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::*;

    const KINDS: [&str; 2] = ["urn:x:service:Wan:2", "urn:x:service:Wan:1"];
    const ABOUT: &str = "<?xml version=\"1.0\"?><root xmlns=\"urn:x\"><device><serviceList>\
        <service><serviceType>urn:x:service:Lan:1</serviceType><controlURL>/lan</controlURL></service>\
        <service><serviceType> urn:x:service:Wan:1\n</serviceType>\
        <controlURL>http://8.8.8.8:1/wan?a=1&amp;b=2</controlURL></service>\
        </serviceList></device></root>";

    #[test]
    fn the_first_kind_that_there_is_is_taken() {
        let (kind, place) = service(ABOUT, &KINDS).unwrap();
        assert_eq!((kind.as_str(), place.as_str()), (KINDS[1], "http://8.8.8.8:1/wan?a=1&b=2"));
        assert_eq!(service(ABOUT, &KINDS[..1]), None);
        assert_eq!(service("<root><service>", &KINDS), None);
        assert_eq!(service("not at all", &KINDS), None);
    }

    /// A device that says this to everybody, over and over.
    async fn device(head: &'static str, body: &'static str, times: usize) -> Uri {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let place = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut asked = [0; 4096];
                let _ = stream.read(&mut asked).await;
                let _ = stream.write_all(head.as_bytes()).await;
                for _ in 0..times {
                    if stream.write_all(body.as_bytes()).await.is_err() {
                        break;
                    }
                }
            }
        });
        format!("http://{place}/about.xml").parse().unwrap()
    }

    const HEAD: &str = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";

    #[tokio::test]
    async fn a_device_is_asked_itself_and_not_where_it_says() {
        let service = Service::of(device(HEAD, ABOUT, 1).await, &KINDS).await.unwrap();
        assert_eq!(service.path, "/wan?a=1&b=2");
        let said = service.act("Ask", "<X>1</X>").await.unwrap();
        assert_eq!(text(&said, "controlURL").as_deref(), Some("/lan"));
        assert_eq!(text(&said, "NewExternalIPAddress"), None);
        let failed = device("HTTP/1.1 500 No\r\nConnection: close\r\n\r\n", ABOUT, 1).await;
        assert!(Service::of(failed, &KINDS).await.is_none());
    }

    #[tokio::test]
    async fn of_an_answer_without_end_little_is_read() {
        let endless = device(HEAD, ABOUT, usize::MAX).await;
        let asked = Service::of(endless, &KINDS);
        let said = tokio::time::timeout(std::time::Duration::from_secs(20), asked).await;
        assert!(said.expect("it is not read without end").is_none());
    }
}
