// Runs before anything is drawn, so that a remembered theme and language do not flash in.
{
  const read = (name) => { try { return localStorage.getItem(name); } catch { return null; } };
  const theme = read("theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  const asked = new URLSearchParams(location.search).get("lang") ?? read("lang") ?? navigator.language;
  document.documentElement.lang = asked.startsWith("vi") ? "vi" : "en";
}
