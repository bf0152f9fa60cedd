// The program of the page is fetched when its first picture stands: its many modules would hold that up, and come no
// sooner for it. Not a module itself, as it stands within the page.
(() => {
  const program = document.querySelector("template");
  if (!program) return;
  const open = () => {
    document.head.append(program.content);
    return import(program.dataset.main ?? "");
  };
  // Where nobody looks, nothing is drawn.
  if (document.hidden) void open();
  else requestAnimationFrame(() => setTimeout(open));
})();
