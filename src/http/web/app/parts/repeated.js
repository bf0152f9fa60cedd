// Something that is done again and again, as long as someone looks at the page.

/**
 * @param {() => Promise<void>} action
 * @param {number} pause Milliseconds between two times.
 */
export function repeated(action, pause) {
  let isOn = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const wait = () => {
    clearTimeout(timer);
    if (isOn && !document.hidden) timer = setTimeout(act, pause);
  };
  const act = async () => {
    clearTimeout(timer);
    await action();
    wait();
  };
  const seen = () => void (document.hidden ? clearTimeout(timer) : act());
  return {
    /** @param {boolean} isAtOnce */
    start: (isAtOnce) => {
      isOn = true;
      document.addEventListener("visibilitychange", seen);
      if (isAtOnce) void act();
      else wait();
    },
    stop: () => {
      isOn = false;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", seen);
    },
  };
}
