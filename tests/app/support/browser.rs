//! A browser without JavaScript: keeps cookies, fills in forms, follows nothing by itself.

use std::sync::Mutex;

use reqwest::blocking::{Client, Response};
use reqwest::header::HeaderMap;

/// Keeps the cookies of one visitor.
pub struct Browser {
    client: Client,
    address: String,
    /// The token of the last page that had a form.
    csrf: Mutex<String>,
}

/// An answer.
#[derive(Debug)]
pub struct Page {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Browser {
    pub fn new(address: &str) -> Self {
        compliance_exports::blobs::use_ring();
        let client = Client::builder().cookie_store(true).redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { client, address: address.to_owned(), csrf: Mutex::default() }
    }

    pub fn get(&self, path: &str) -> Page {
        self.get_with(path, &[])
    }

    /// With these headers.
    pub fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Page {
        self.send(reqwest::Method::GET, path, headers)
    }

    pub fn send(&self, method: reqwest::Method, path: &str, headers: &[(&str, &str)]) -> Page {
        let mut request = self.client.request(method, format!("{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.page(request.send().unwrap())
    }

    /// Goes on with a server that was started again elsewhere, cookies and all.
    pub fn move_to(&mut self, address: &str) {
        address.clone_into(&mut self.address);
    }

    /// Begins a download, whose bytes are then read as one likes.
    pub fn open(&self, path: &str) -> Response {
        self.client.get(format!("{}{path}", self.address)).send().unwrap()
    }

    /// Submits a form with the token of the last page that had one.
    pub fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let csrf = self.csrf.lock().unwrap().clone();
        let mut fields = fields.to_vec();
        fields.push(("csrf", &csrf));
        self.post_raw(path, &fields)
    }

    /// Submits exactly these fields.
    pub fn post_raw(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        self.post_with(path, fields, &[])
    }

    /// Submits exactly these fields, with these headers.
    pub fn post_with(&self, path: &str, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Page {
        let mut request = self.client.post(format!("{}{path}", self.address)).form(fields);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.page(request.send().unwrap())
    }

    /// The token of the last page that had a form.
    pub fn csrf(&self) -> String {
        self.csrf.lock().unwrap().clone()
    }

    /// Opens the sign-in page and fills it in. On success also opens the first page, whose forms can then be submitted.
    pub fn sign_in(&self, email: &str, password: &str) -> Page {
        self.get("/sign-in");
        let page = self.post("/sign-in", &[("email", email), ("password", password), ("next", "/")]);
        if page.status == 303 {
            self.get("/");
            self.get("/administration");
        }
        page
    }

    fn page(&self, response: Response) -> Page {
        let page = Page {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.bytes().unwrap().to_vec(),
        };
        if let Some(token) = page.csrf() {
            *self.csrf.lock().unwrap() = token;
        }
        page
    }
}

impl Page {
    /// As text, with the entities that askama writes turned back.
    pub fn text(&self) -> String {
        let text = String::from_utf8_lossy(&self.body).into_owned();
        text.replace("&#38;", "&").replace("&#39;", "'").replace("&#34;", "\"")
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// Where a redirect leads.
    pub fn location(&self) -> &str {
        self.header("location")
    }

    /// The line that sets this cookie.
    pub fn set_cookie(&self, name: &str) -> Option<&str> {
        let lines = self.headers.get_all("set-cookie").into_iter().map(|line| line.to_str().unwrap());
        lines.into_iter().find(|line| line.split('=').next() == Some(name))
    }

    /// The row of an export in the Export History, without its markup.
    pub fn row(&self, id: i64) -> String {
        let text = self.text();
        let after =
            text.split_once(&format!("id=\"export-{id}\"")).unwrap_or_else(|| panic!("no row {id} in {text}")).1;
        let row = after.split_once('>').unwrap().1.split_once("</tr>").unwrap().0;
        let plain = regex::Regex::new("<[^>]*>").unwrap().replace_all(row, " ").into_owned();
        plain.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn csrf(&self) -> Option<String> {
        self.field("csrf")
    }

    /// The value of a field of a form on this page.
    pub fn field(&self, name: &str) -> Option<String> {
        let text = self.text();
        let after = text.split_once(&format!("name=\"{name}\" value=\""))?.1;
        Some(after.split_once('"')?.0.to_owned())
    }
}
