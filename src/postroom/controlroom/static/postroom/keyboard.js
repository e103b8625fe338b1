// Unfold's pages have places to click that are neither links nor buttons: the menu of the user, the sidebar's switch.
// Here they are given to the keyboard too, and to whoever has a page read aloud.
(function () {
    "use strict";

    const CLICKABLE = "[x-on\\:click]:not(button):not(input):not(select):not(label):not(a[href])";

    document.addEventListener("DOMContentLoaded", function () {
        for (const place of document.querySelectorAll(CLICKABLE)) {
            place.setAttribute("role", "button");
            place.setAttribute("tabindex", "0");
        }
    });

    document.addEventListener("keydown", function (event) {
        const place = event.target;
        if ((event.key === "Enter" || event.key === " ") && place.matches && place.matches(CLICKABLE)) {
            event.preventDefault();
            place.click();
        }
    });
})();
