//! Dutch, German, French, Polish, Japanese, Arabic, and two that switch half-way.

use crate::demo::script::Venue::{People, Team};
use crate::demo::script::{Script, a, b, c, often, once};

pub(super) const SCRIPTS: &[Script] = &[
    // Dutch
    often(
        People(&["daan", "youssef"]),
        &[
            a("Kun jij {ctr} morgen om {time} ophalen? Chauffeur van {haulier} is ziek."),
            b("Dat lukt, als de papieren vandaag nog komen."),
            a("Papieren zitten erbij.").file("vrachtbrief {job}.pdf", 120_000),
            b("{Top.|Mooi, dan is het geregeld.|Komt goed.}"),
        ],
    ),
    often(
        People(&["sanne", "marieke"]),
        &[
            a("Mag ik de {date} een dag vrij?"),
            b("Als {few} anderen er wel zijn: ja. Zet je het in de agenda?"),
            a("Staat erin, dank je wel!"),
        ],
    ),
    once(
        58,
        People(&["sanne", "marieke"]),
        &[
            a("Heb jij de sleutel van de vergaderzaal?"),
            b("Nee, die ligt bij Bram."),
            a("Bram zegt dat hij bij jou ligt."),
            b("Dan ligt hij in de deur. Zoals altijd."),
        ],
    ),
    // German
    often(
        People(&["jonas", "friederike"]),
        &[
            a(
                "Kannst du bitte die Rechnung {inv} noch einmal prüfen? Der Betrag stimmt nicht mit dem Angebot überein.",
            ),
            b("Du hast recht, der Zuschlag wurde doppelt berechnet. Ich schreibe {eur} gut."),
            a("{Danke!|Vielen Dank, das ging schnell.|Super, danke dir.}"),
        ],
    ),
    often(
        People(&["jonas", "friederike"]),
        &[
            a("{client} fragt nach dem Liefertermin für {ctr}."),
            b("Das Schiff ist verspätet. Frühestens am {date}, würde ich sagen.")
                .edited(7, "Das Schiff ist verspätet. Frühestens am {date2}, sagt die Reederei."),
            a("Gut, ich gebe es so weiter."),
        ],
    ),
    once(
        75,
        People(&["jonas", "friederike"]),
        &[
            a("Weißt du, wie „Vrijdagborrel“ auf Deutsch heißt?"),
            b("Feierabendbier. Aber mit Käsewürfeln und Senf."),
            a("Also ein Grund, hierzubleiben."),
        ],
    ),
    once(
        19,
        People(&["jonas", "friederike"]),
        &[
            a("Größe, Gewicht und Maße für die Überführung nach Köln, bitte bis spätestens übermorgen.").done_task(
                "Maße für Köln",
                &[1],
                2,
            ),
            b("Länge 11,85 m, Gewicht 22.480 kg, Höhe äußerst knapp."),
            a("Wie knapp?"),
            b("Drei Zentimeter unter der Brücke. Der Fahrer soll die Luft anhalten."),
        ],
    ),
    // French
    often(
        Team("france"),
        &[
            a("Bonjour à tous ! Le client {client} demande si le conteneur {ctr} pourra être livré avant le week-end."),
            b("Oui, si la douane le libère demain. Je t’appelle dès que j’ai la réponse."),
            a("{Merci beaucoup !|Merci, c’est parfait.|Super, merci à toi.}"),
            b("Libéré à {time}. Livraison confirmée.").next_day(),
        ],
    )
    .with(&["camille", "youssef"]),
    often(
        Team("france"),
        &[
            a("Quelqu’un peut-il relire cette offre avant ce soir ?").file("offre {client}.docx", 52_000),
            b("C’est fait. Attention, le montant en page 2 est encore en livres sterling."),
            a("Bien vu, je corrige tout de suite : {eurbig}."),
        ],
    )
    .with(&["camille", "layla"]),
    once(
        61,
        Team("france"),
        &[
            a("Le nouveau bureau a-t-il une vraie machine à café ?"),
            b("Elle est déjà installée. Elle parle néerlandais, mais le café est bon."),
            c("Alors je viens dès lundi 😄"),
            a("L’été dernier, tu disais la même chose de la cantine."),
        ],
    )
    .with(&["camille", "ines", "layla"]),
    once(
        13,
        Team("france"),
        &[
            a("Réunion avec les clients de Lyon : qui prépare la présentation ?").event(
                "Réunion clients Lyon",
                7,
                14,
                90,
                "Lyon, salle Confluence",
            ),
            b("Je m’en occupe, mais il me faut les chiffres du trimestre."),
            a("Tu les auras demain matin."),
        ],
    )
    .with(&["camille", "youssef"]),
    // Polish
    often(
        Team("poland"),
        &[
            a("Cześć! Czy zgłoszenie {mrn} zostało już przyjęte?"),
            b("Tak, przed chwilą. Kontener {ctr} może wyjechać po {time}."),
            a("{Świetnie, dziękuję!|Super, dzięki.|Dziękuję, przekażę kierowcy.}"),
        ],
    )
    .with(&["mateusz", "agnieszka"]),
    often(
        Team("poland"),
        &[
            a("Brakuje nam faktury do przesyłki {job}. Klient twierdzi, że ją wysłał."),
            b("Jest w spamie. Załączam.").file("faktura {job}.pdf", 77_000),
            a("Dobrze, że zajrzałaś. Wysyłam zgłoszenie."),
        ],
    )
    .with(&["mateusz", "agnieszka"]),
    once(
        51,
        Team("poland"),
        &[
            a("Witaj w zespole, Zofia! Biurko przy oknie jest twoje."),
            b("Dziękuję! Widok na dźwigi, lepszego nie mogłam sobie wymarzyć."),
            c("Poczekaj do stycznia, wtedy widać tylko mgłę."),
            b("Mgłę też lubię 😊"),
        ],
    )
    .with(&["mateusz", "zofia", "agnieszka"]),
    once(
        25,
        Team("poland"),
        &[
            a("Jutro od ósmej kontrola urzędu celnego. Proszę przygotować oryginały świadectw za ostatni kwartał.")
                .done_task("Oryginały świadectw", &[1], 1),
            b("Są już w segregatorze. Jednego brakuje, dosłali tylko kopię."),
            a("Zadzwonię do klienta. Może zdążą kurierem."),
            a("Po kontroli: bez uwag. Dziękuję wam!").next_day(),
        ],
    )
    .with(&["agnieszka", "zofia"]),
    // Japanese
    often(
        Team("tokyo"),
        &[
            a("お疲れ様です。{ctr} の到着予定は変わりましたか？"),
            b("はい、二日遅れています。新しい入港予定は {time} です。"),
            a("{承知しました。お客様に連絡します。|ありがとうございます。助かります。}"),
        ],
    )
    .with(&["haruka", "kenji"]),
    often(
        Team("tokyo"),
        &[
            a("見積書を添付します。ご確認をお願いいたします。").file("見積書 {job}.pdf", 83_000),
            b("確認しました。運賃は {eurbig} で問題ありません。"),
            a("では、本日中にお客様へ送ります。"),
        ],
    )
    .with(&["haruka", "kenji"]),
    once(
        65,
        Team("tokyo"),
        &[
            a("来週の会議は何時からにしましょうか。"),
            b("日本時間の十七時でいかがでしょう。ロッテルダムは朝です。"),
            c("Nine o'clock works for Rotterdam. I understood the number seventeen and guessed the rest 🙂"),
            a("Good guess, Jonas! 正解です。").event("東京・ロッテルダム定例会議", 7, 9, 60, "ビデオ会議"),
        ],
    )
    .with(&["haruka", "kenji", "jonas"]),
    once(
        23,
        Team("tokyo"),
        &[
            a("出張のお土産を会議室に置きました。皆さんでどうぞ 🍡"),
            b("What is the green one?"),
            a("Matcha. The brown one is beans. The last one is a mystery."),
            b("The mystery one was the best."),
            c("ごちそうさまでした！"),
        ],
    )
    .with(&["kenji", "sanne", "haruka"]),
    once(
        49,
        People(&["haruka", "kenji"]),
        &[
            a("通関の書類が一枚足りないようです。"),
            b("失礼しました。すぐに送ります。").deleted(15),
            b("先ほどの書類は古い版でした。こちらが最新です。").file("通関書類.pdf", 64_000),
            a("届きました。ありがとうございます。"),
        ],
    ),
    // Arabic
    often(
        Team("gulf"),
        &[
            a("صباح الخير، هل وصلت الحاوية {ctr} إلى الميناء؟"),
            b("نعم، وصلت الليلة الماضية، وننتظر الآن موافقة الجمارك."),
            a("{شكرًا جزيلًا.|ممتاز، شكرًا لك.|تمام، سأخبر العميل.}"),
        ],
    )
    .with(&["layla", "youssef"]),
    often(
        Team("gulf"),
        &[
            a("العميل يطلب نسخة من الفاتورة رقم {inv}."),
            b("أرسلتها إليه قبل قليل، والمبلغ {eurbig}.").file("فاتورة {inv}.pdf", 91_000),
            a("شكرًا يا يوسف."),
        ],
    )
    .with(&["layla", "youssef"]),
    once(
        43,
        Team("gulf"),
        &[
            a("From today I look after the Gulf customers. ابتداءً من اليوم أتابع جميع عملاء الخليج."),
            b("مبروك يا ليلى، كلنا معك."),
            c("Congratulations, Layla. I'll introduce you to the buyers on Thursday."),
            a("Thank you both. شكرًا لكما!"),
        ],
    )
    .with(&["layla", "youssef", "tom"]),
    once(
        16,
        Team("gulf"),
        &[
            a("غدًا اجتماع مع العميل في الساعة العاشرة صباحًا. هل العرض جاهز؟"),
            b("نعم، بقيت صفحة الأسعار فقط.").edited(50, "نعم، العرض جاهز مع صفحة الأسعار."),
            a("أحسنت! إلى الغد إن شاء الله."),
        ],
    )
    .with(&["layla", "youssef"]),
];
