// Every word of the page in both languages, and how dates, numbers, countries and codes are said in them.

import { once } from "/assets/api.js";

const WORDS = {
  en: {
    skip: "Skip to the events", lead: "Geopolitical events, each traceable to the passage that reports it.",
    navigation: "Dateline", docs: "API", dark: "Dark", light: "Light", filters: "Filters", q: "Words", country: "Country",
    type: "Type", actor: "Actor", dataset: "Dataset", status: "Status", source: "Source", mode: "Mode", context: "Context",
    country_role: "Country's role", fatalities_min: "Fatalities at least", updated_since: "Changed since", bbox: "Area",
    apply: "Apply", choose: "Choose one of the suggestions.", moreFilters: "More filters", any: "Any", map: "Map", inView: "Only what has a point in this view", time: "Time", from: "From", to: "To",
    date_from: "From", date_to: "To", match: "Dates that", possibleMatch: "may lie in the range", certainMatch: "surely lie in it",
    allDates: "All dates", counts: "Counts", events: "Events", loading: "Loading …", clear: "Clear all",
    outlines: "Outlines: Natural Earth, public domain. They say nothing about the status of any territory.",
    countries: "Countries", types: "Types", more: "Show all {n}", fewer: "Show fewer", remove: "Remove {what}",
    total: "{n} events", totalOne: "1 event", totalMore: "more than {n} events",
    first: "First page", next: "Next page", noneTitle: "No event answers all of this",
    noneHelp: "Each of these leaves one condition out:", without: "Without {what}: {n}", noData: "Nothing is loaded here yet.",
    noneAlone: "Even without any one of them there is none. Start over with no filter.",
    copy: "Copy as API call", copied: "Copied", csv: "CSV", geojson: "GeoJSON", download: "Download",
    failed: "The server could not answer", away: "The server does not answer. It may be stopped, or the network is down.",
    retry: "Try again", request: "request {id}",
    back: "Back to the list", evidence: "Evidence", sure: "How sure", when: "When", where: "Where", who: "Who",
    placeUnknown: "The place is not known", noPoint: "Known to this level only, so the map shows no point",
    origins: "{n} independent origins", originOne: "One independent origin: all the sources go back to it",
    originNone: "No independent origin is known",
    fatalities: "Fatalities", low: "at least {n}", best: "best estimate {n}", high: "at most {n}", wholeEvent: "The event as a whole",
    paragraph: "paragraph {n}", characters: "characters {a} to {b}", reported: "Reported as", said: "Said by",
    noQuote: "The passage may not be passed on. SHA-256 {sum}", derived: "Derived from {what}", passages: "{n} passages", passageOne: "1 passage",
    lineage: "Lineage", published: "Published", asJson: "As JSON", history: "History",
    successor: "What takes its place", figures: "Figures", corrected: "corrected",
    possible: "possibly then", certain: "certainly then", perMonth: "Events by month", perYear: "Events by year",
    spans: "Each line is one event on this page, as long as its date is uncertain. A fading end is open.",
    rangeStart: "Start of the range", rangeEnd: "End of the range", noDates: "No event here has a date.",
    point: "Exact place", area: "Somewhere around here", shade: "Country, by its events", pointsHere: "{n} events here",
    pointsFew: "The first {n} events of this view that have a point are drawn.", pointsNone: "No point is known for any of these events, so the map shows none.",
    pointsMany: "There are too many events to draw one by one: zoom in or filter to see points.", pointsNoneHere: "No event with a point in this view.",
    unsure: "uncertain", about: "about", week: "the week of {range}", openEnd: "from {a}, end open",
    openStart: "no later than {b}", undated: "not known", minMap: "Zoom in", minusMap: "Zoom out",
    mapHelp: "Arrow keys move the map, plus and minus zoom. Everything on it is also in the lists.",
  },
  vi: {
    skip: "Tới danh sách sự kiện", lead: "Sự kiện địa chính trị, mỗi sự kiện dẫn về đúng đoạn văn đã thuật lại.",
    navigation: "Dateline", docs: "API", dark: "Tối", light: "Sáng", filters: "Bộ lọc", q: "Từ ngữ", country: "Quốc gia",
    type: "Loại", actor: "Chủ thể", dataset: "Bộ dữ liệu", status: "Tình trạng", source: "Nguồn", mode: "Phương thức", context: "Bối cảnh",
    country_role: "Vai trò quốc gia", fatalities_min: "Số người chết ít nhất", updated_since: "Thay đổi từ", bbox: "Khu vực",
    apply: "Áp dụng", choose: "Hãy chọn một gợi ý.", moreFilters: "Thêm bộ lọc", any: "Tất cả", map: "Bản đồ", inView: "Chỉ sự kiện có điểm trong khung này", time: "Thời gian", from: "Từ", to: "Đến",
    date_from: "Từ", date_to: "Đến", match: "Ngày", possibleMatch: "có thể nằm trong khoảng", certainMatch: "chắc chắn nằm trong khoảng",
    allDates: "Mọi ngày", counts: "Số lượng", events: "Sự kiện", loading: "Đang tải …", clear: "Xóa tất cả",
    outlines: "Đường biên: Natural Earth, phạm vi công cộng. Không hàm ý gì về quy chế của bất kỳ lãnh thổ nào.",
    countries: "Quốc gia", types: "Loại", more: "Xem cả {n}", fewer: "Thu gọn", remove: "Bỏ {what}",
    total: "{n} sự kiện", totalOne: "1 sự kiện", totalMore: "hơn {n} sự kiện",
    first: "Trang đầu", next: "Trang sau", noneTitle: "Không có sự kiện nào thỏa mọi điều kiện",
    noneHelp: "Mỗi lựa chọn sau bỏ đi một điều kiện:", without: "Bỏ {what}: {n}", noData: "Ở đây chưa có dữ liệu.",
    noneAlone: "Bỏ riêng từng điều kiện vẫn không có. Hãy bắt đầu lại, không dùng bộ lọc.",
    copy: "Sao chép lệnh gọi API", copied: "Đã sao chép", csv: "CSV", geojson: "GeoJSON", download: "Tải về",
    failed: "Máy chủ không trả lời được", away: "Máy chủ không trả lời. Có thể máy chủ đã dừng hoặc mất mạng.",
    retry: "Thử lại", request: "mã yêu cầu {id}",
    back: "Về danh sách", evidence: "Bằng chứng", sure: "Mức chắc chắn", when: "Khi nào", where: "Ở đâu", who: "Ai",
    placeUnknown: "Không rõ địa điểm", noPoint: "Chỉ biết đến mức này, nên bản đồ không có điểm",
    origins: "{n} nguồn gốc độc lập", originOne: "Một nguồn gốc độc lập: mọi nguồn đều bắt từ đó", originNone: "Không rõ nguồn gốc độc lập nào",
    fatalities: "Số người chết", low: "ít nhất {n}", best: "ước tính tốt nhất {n}", high: "nhiều nhất {n}", wholeEvent: "Toàn bộ sự kiện",
    paragraph: "đoạn {n}", characters: "ký tự {a} đến {b}", reported: "Nguồn ghi", said: "Người nói",
    noQuote: "Đoạn văn không được phép đăng lại. SHA-256 {sum}", derived: "Bắt nguồn từ {what}", passages: "{n} đoạn", passageOne: "1 đoạn",
    lineage: "Gốc", published: "Đăng ngày", asJson: "Dạng JSON", history: "Lịch sử",
    successor: "Sự kiện thay thế", figures: "Số liệu", corrected: "đã hiệu chỉnh",
    possible: "có thể lúc đó", certain: "chắc chắn lúc đó", perMonth: "Sự kiện theo tháng", perYear: "Sự kiện theo năm",
    spans: "Mỗi vạch là một sự kiện của trang này, dài bằng khoảng chưa chắc của ngày. Đầu mờ dần là để ngỏ.",
    rangeStart: "Đầu khoảng", rangeEnd: "Cuối khoảng", noDates: "Không sự kiện nào ở đây có ngày.",
    point: "Nơi chính xác", area: "Đâu đó quanh đây", shade: "Quốc gia, theo số sự kiện", pointsHere: "{n} sự kiện ở đây",
    pointsFew: "Vẽ {n} sự kiện đầu tiên có điểm trong khung này.", pointsNone: "Không rõ điểm của sự kiện nào ở đây, nên bản đồ không vẽ điểm.",
    pointsMany: "Có quá nhiều sự kiện để vẽ từng điểm: hãy phóng to hoặc lọc bớt.", pointsNoneHere: "Không có sự kiện nào có điểm trong khung này.",
    unsure: "không chắc", about: "khoảng", week: "tuần {range}", openEnd: "từ {a}, chưa rõ kết thúc",
    openStart: "muộn nhất là {b}", undated: "không rõ", minMap: "Phóng to", minusMap: "Thu nhỏ",
    mapHelp: "Phím mũi tên để di chuyển bản đồ, cộng và trừ để phóng. Mọi thứ trên bản đồ đều có trong danh sách.",
  },
};

export const language = () => (document.documentElement.lang === "vi" ? "vi" : "en");
const locale = () => (language() === "vi" ? "vi-VN" : "en-GB");

export function say(key, given = {}) {
  const text = WORDS[language()][key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => given[name] ?? "");
}

export const number = (value) => new Intl.NumberFormat(locale()).format(value);

/** "33 events", "1 event", "more than 10,000 events". */
export function total(value, exact = true) {
  if (!exact) return say("totalMore", { n: number(value) });
  return value === 1 ? say("totalOne") : say("total", { n: number(value) });
}

/** Put the page's fixed words in the language in force. */
export function translate() {
  for (const one of document.querySelectorAll("[data-word]")) one.textContent = say(one.getAttribute("data-word"));
  for (const one of document.querySelectorAll("[data-label]")) one.setAttribute("aria-label", say(one.getAttribute("data-label")));
}

// Codes and countries, from the API. They are loaded once, before anything is drawn.

let lists = {};
let countries = new Map();

export async function load() {
  const [codes, found] = await Promise.all([once("/v1/codes"), once("/v1/countries", { limit: 1000 })]);
  lists = Object.fromEntries(Object.entries(codes.lists).map(([name, all]) => [name, new Map(all.map((one) => [one.code, one]))]));
  countries = new Map(found.items.map((one) => [one.code, one]));
}

export const codes = (list) => [...(lists[list]?.values() ?? [])];
export const allCountries = () => [...countries.values()];

export function label(list, code) {
  const one = lists[list]?.get(code);
  return one ? (language() === "vi" ? one.label_vi : one.label) : code;
}

export const definition = (list, code) => lists[list]?.get(code)?.definition ?? null;

export function country(code) {
  const one = countries.get(code);
  return one ? (language() === "vi" ? one.name_vi : one.name) : code;
}

/** A title or summary of an event in the language in force, where it is held. */
export const told = (event, field) => event.translations?.[language()]?.[field] ?? event[field];

/** The language that this text is in, where it is not the page's. */
export const toldIn = (event, field) => (language() === "en" || event.translations?.[language()]?.[field] ? null : "en");

// Dates. A day is a day; what is not known to the day is never said as one.

const utc = (text) => {
  const [year, month, day] = text.split("-").map(Number);
  const made = new Date(Date.UTC(2000, month - 1, day));
  made.setUTCFullYear(year);
  return made;
};

const formats = { day: { day: "numeric", month: "long", year: "numeric" }, month: { month: "long", year: "numeric" }, year: { year: "numeric" } };
const written = (shape) => new Intl.DateTimeFormat(locale(), { ...formats[shape], timeZone: "UTC" });

export const day = (text) => written("day").format(utc(text));
export const month = (text) => written("month").format(utc(text));
const range = (a, b) => (a === b ? day(a) : written("day").formatRange(utc(a), utc(b)));

export function when({ edtf, start, end, precision }) {
  const text = phrase(start, end, precision);
  const notes = [];
  if (/[%~]/.test(edtf)) notes.push(say("about"));
  if (/[%?]/.test(edtf)) notes.push(say("unsure"));
  return notes.length ? `${text} (${notes.join(", ")})` : text;
}

function phrase(start, end, precision) {
  if (!start && !end) return say("undated");
  if (!start) return say("openStart", { b: day(end) });
  if (!end) return say("openEnd", { a: day(start) });
  if (precision === "week") return say("week", { range: range(start, end) });
  if (precision === "month") return month(start);
  if (precision === "year") return written("year").format(utc(start));
  return range(start, end);
}
