use super::*;

fn check(credit: &str, expected: &[&str]) {
    let names: Vec<String> = parse(credit).into_iter().map(|byline| byline.name).collect();
    assert_eq!(names, expected, "{credit}");
}

#[test]
fn credits_name_people() {
    check(
        "By JOHN H. CRIDER and ANNE O'HARE McCORMICK; Special to The Herald",
        &["John H. Crider", "Anne O'Hare McCormick"],
    );
    check("By A. BEE, C. DEE and E. EFF", &["A. Bee", "C. Dee", "E. Eff"]);
    check("By Sammy Davis, Jr.", &["Sammy Davis Jr."]);
    check("BY HENRY FORD Special to The Herald", &["Henry Ford"]);
    check("By Jane Roe, Associated Press", &["Jane Roe"]);
    check("By THE ASSOCIATED PRESS", &["The Associated Press"]);
    check("by Jane Roe, Reuters", &["Jane Roe"]);
    check("By Jane Roe and Jane Roe", &["Jane Roe"]);
    check("    By Charles Dickens, Reuters\n    ", &["Charles Dickens"]);
    check("Par ÉMILE ZOLA", &["Émile Zola"]);
    check("", &[]);
    check("By ", &[]);
    check("12345", &[]);
    check("By Staff", &[]);
    check("By JOHN D. ROCKEFELLER 3d", &["John D. Rockefeller 3d"]);
    check("Text: Eva Roth", &["Eva Roth"]);
    check("Ida Lee, Max Orr; photographs by Kay Poe", &["Ida Lee", "Max Orr"]);
    check("Photographs by Kay Poe", &["Kay Poe"]);
    check("Ida Lee\nMax Orr", &["Ida Lee", "Max Orr"]);
    check("By IAN McDONALD", &["Ian McDonald"]);
    check("Text: Ida Lee, Fotos: Max Orr", &["Ida Lee"]);
    check("Text: Ida Lee, Nora Vance, Illustration: Max Orr", &["Ida Lee", "Nora Vance", "Max Orr"]);
    check("Interview: Ida Lee", &["Ida Lee"]);
    check("Texto: Ida Lee; Foto: Max Orr", &["Ida Lee"]);
    check("Ida Lee, Max Orr, et al.", &["Ida Lee", "Max Orr"]);
    check("田中太郎、山田花子", &["田中太郎", "山田花子"]);
}

/// Dublin Core, MARC and MODS write the family name first; APA, Chicago and MLA of all or of the first.
#[test]
fn family_names_may_stand_first() {
    check("Quill, Eleanor", &["Eleanor Quill"]);
    check("Pardo Bazán, Emilia", &["Emilia Pardo Bazán"]);
    check("de la Cruz, Juana Inés", &["Juana Inés de la Cruz"]);
    check("von Humboldt, Alexander", &["Alexander von Humboldt"]);
    check("Quill, E. M.", &["E. M. Quill"]);
    check("Quill, Eleanor; Vance, Nora; Pike, Sam", &["Eleanor Quill", "Nora Vance", "Sam Pike"]);
    check("Quill, E., & Vance, N.", &["E. Quill", "N. Vance"]);
    check("Quill, E., Vance, N., & Pike, S.", &["E. Quill", "N. Vance", "S. Pike"]);
    check("Quill, Eleanor, and Nora Vance", &["Eleanor Quill", "Nora Vance"]);
    check("King, Martin Luther, Jr.", &["Martin Luther King Jr."]);
    check("Quill, Eleanor, 1870-1944", &["Eleanor Quill"]);
    check("QUILL, ELEANOR", &["Eleanor Quill"]);
    check("McDONALD, IAN", &["Ian McDonald"]);
    check("Quill, Eleanor and Vance, Nora", &["Eleanor Quill", "Nora Vance"]);
    check("Quill, Eleanor & de Vance, N. A.", &["Eleanor Quill", "N. A. de Vance"]);
    check("Nora Vance, Sam Pike and Ida Lee, Max Orr", &["Nora Vance", "Sam Pike", "Ida Lee", "Max Orr"]);
    check("Quill, Vance, Pike and Lee", &["Quill", "Vance", "Pike", "Lee"]);
    check("Vance, Reuters and Pike, AP", &["Vance", "Pike"]);
    // These are two, or one and where she works.
    check("Eleanor Quill, Nora Vance", &["Eleanor Quill", "Nora Vance"]);
    check("By Quill, Vance and Pike", &["Quill", "Vance", "Pike"]);
    check("Eleanor Quill, Reuters", &["Eleanor Quill"]);
    let quill = &parse("Pardo Bazán, Emilia")[0];
    assert_eq!((quill.given.as_str(), quill.family.as_str()), ("Emilia", "Pardo Bazán"));
}

#[test]
fn words_that_join_may_be_part_of_a_name() {
    check("Santiago Ramón y Cajal", &["Santiago Ramón y Cajal"]);
    check("Antoni Puig i Cadafalch", &["Antoni Puig i Cadafalch"]);
    check("Ana Ruiz y Juan Gil", &["Ana Ruiz", "Juan Gil"]);
    check("Rui Melo e Ana Sousa", &["Rui Melo", "Ana Sousa"]);
    check("Eva Roth und Max Orr", &["Eva Roth", "Max Orr"]);
    check("Quill &amp; Vance", &["Quill", "Vance"]);
    check("Nora O&#8217;Dea", &["Nora O’Dea"]);
}

#[test]
fn openings_may_be_part_of_a_name() {
    check("Von Stroheim", &["Von Stroheim"]);
    check("Von der Heydt", &["Von der Heydt"]);
    check("Von Stroheim, Erich", &["Erich Von Stroheim"]);
    check("Von Eva Roth", &["Eva Roth"]);
    check("VON EVA ROTH UND MAX ORR", &["Eva Roth", "Max Orr"]);
    check("Por Ana Ruiz", &["Ana Ruiz"]);
}

#[test]
fn places_papers_and_roles_are_no_people() {
    check("Nora Vance (Harbour Times)", &["Nora Vance"]);
    check("Nora Vance (Harbour", &["Nora Vance"]);
    check("Nora Vance in Lisbon and Sam Pike in Porto", &["Nora Vance", "Sam Pike"]);
    check("Nora Vance in Lisbon", &["Nora Vance"]);
    check("By Nora Vance, Foreign Editor", &["Nora Vance"]);
    check("Nora Vance – Harbour Times", &["Nora Vance"]);
    check("Nora Vance of the Harbour Times", &["Nora Vance"]);
    check("Chief Political Correspondent", &["Chief Political Correspondent"]);
    assert_eq!(parse("By Nora Vance, Foreign Editor")[0].title, "Foreign Editor");
    assert_eq!(parse("Foreign Editor")[0].family, "", "nobody's name");
}

#[test]
fn addresses_of_mail_give_names_and_stay_out() {
    check("Nora Vance (nora@harbour.example)", &["Nora Vance"]);
    check("Nora Vance <nora@harbour.example>", &["Nora Vance"]);
    check("nora@harbour.example (Nora Vance)", &["Nora Vance"]);
    check("nora@harbour.example Nora Vance", &["Nora Vance"]);
    check("<nora.vance@harbour.example>", &["Nora Vance"]);
    check("nora.vance@harbour.example", &["Nora Vance"]);
    check("desk@harbour.example", &[]);
    check("n0ra.v4nce@harbour.example", &[]);
}

#[test]
fn organisations_are_marked() {
    let found = parse("By THE ASSOCIATED PRESS");
    assert_eq!(found[0].organization, "The Associated Press");
    assert_eq!(found[0].family, "");
    for body in [
        "Department of Health and Human Services",
        "The Office of Management and Budget",
        "National Institutes of Health",
        "Centre for Tides and Harbours",
    ] {
        check(body, &[body]);
        assert_eq!(parse(body)[0].organization, body);
    }
    check("Nora Vance, University of Tides", &["Nora Vance"]);
    check("Quill, Vance & Company", &["Quill, Vance & Company"]);
    check("Pike and Sons", &["Pike and Sons"]);
    assert_eq!(parse("Pike and Sons")[0].organization, "Pike and Sons");
}
